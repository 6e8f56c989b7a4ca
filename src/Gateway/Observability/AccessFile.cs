using System.Buffers;
using Gateway.Configuration;

namespace Gateway.Observability;

/// <summary>Brings lines to the access log's file, those of a moment at once and on a thread of its own: no request waits for a disk, or fails
/// because it is full. What could not be written is counted.</summary>
internal sealed partial class AccessFile : IDisposable
{
    private const int MaxWaiting = 4 * 1024 * 1024;
    private const int Usual = 64 * 1024;

    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(100);

    // A few lines still fit into the last block of a full disk: that is no recovery.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _line;

    private readonly TimeProvider _time;
    private readonly ILogger<AccessFile> _logger;
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly ITimer _timer;
    private List<Batch> _waiting = [];
    private ArrayBufferWriter<byte>? _spare;
    private int _waitingBytes;
    private RotatingFile? _file;
    private long _dropped;
    private long _droppedSinceAlarm;
    private long _droppedAt;
    private bool _isAlarmed;
    private bool _isDue;

    /// <param name="time">Clock of batches, and of the files' age.</param>
    /// <param name="logger">Told when lines are lost, and when no longer.</param>
    public AccessFile(TimeProvider time, ILogger<AccessFile> logger)
    {
        (_time, _logger) = (time, logger);
        _timer = time.CreateTimer(static self => ((AccessFile)self!).WriteWaiting(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lines that could not be written.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <param name="record">Of a request that is over.</param>
    /// <param name="options">Those in force; others than before are for this line and those behind it.</param>
    public void Add(in AccessRecord record, AccessLogOptions options)
    {
        var line = _line ??= new ArrayBufferWriter<byte>(1024);
        line.ResetWrittenCount();
        AccessLine.Write(record, options.Format, line);
        lock (_lock)
        {
            if (_waitingBytes + line.WrittenCount > MaxWaiting)
            {
                Drop(1);
                return;
            }

            if (_waiting.Count == 0 || _waiting[^1].Options != options)
            {
                _waiting.Add(new Batch(options, _spare ?? new ArrayBufferWriter<byte>(Usual)));
                _spare = null;
            }

            _waiting[^1].Lines.Write(line.WrittenSpan);
            _waitingBytes += line.WrittenCount;
            if (!_isDue)
            {
                _isDue = true;
                _timer.Change(Delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Takes up the file by its name again, after somebody else has rotated it.</summary>
    public void Reopen()
    {
        lock (_writing)
        {
            _file?.Close();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        WriteWaiting();
        _file?.Dispose();
    }

    private void WriteWaiting()
    {
        lock (_writing)
        {
            List<Batch> batches;
            lock (_lock)
            {
                (batches, _waiting, _waitingBytes, _isDue) = (_waiting, [], 0, false);
            }

            foreach (var batch in batches)
            {
                Write(batch.Options, batch.Lines.WrittenSpan);
            }

            if (batches is [.., { Lines: { Capacity: <= 4 * Usual } lines }])
            {
                lines.ResetWrittenCount();
                lock (_lock)
                {
                    _spare = lines;
                }
            }
        }
    }

    private void Write(AccessLogOptions options, ReadOnlySpan<byte> lines)
    {
        try
        {
            if (_file?.Options != options)
            {
                _file?.Dispose();
                _file = new RotatingFile(options, _time, e => LogNotRotated(_logger, options.Path, e.Message.TrimEnd('.')));
            }

            _file.Write(lines);
            // They may also have come faster than the disk takes them.
            if (Interlocked.Read(ref _droppedSinceAlarm) > 0 && _time.GetElapsedTime(Interlocked.Read(ref _droppedAt)) >= Calm)
            {
                _isAlarmed = false;
                LogWritten(_logger, options.Path, Interlocked.Exchange(ref _droppedSinceAlarm, 0));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _file?.Close();
            Drop(lines.Count((byte)'\n'));
            if (!_isAlarmed)
            {
                _isAlarmed = true;
                LogNotWritten(_logger, options.Path, e.Message.TrimEnd('.'));
            }
        }
    }

    private void Drop(int lines)
    {
        Interlocked.Add(ref _dropped, lines);
        Interlocked.Add(ref _droppedSinceAlarm, lines);
        Interlocked.Exchange(ref _droppedAt, _time.GetTimestamp());
    }

    [LoggerMessage(EventId = 160, Level = LogLevel.Error,
        Message = "The access log {Path} cannot be written: {Reason}. Requests go on, their lines are lost until it can; make room, or give the folder to the gateway's user")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 162, Level = LogLevel.Error,
        Message = "No new file can be begun for the access log {Path}: {Reason}. The old one grows; give its folder to the gateway's user")]
    private static partial void LogNotRotated(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 161, Level = LogLevel.Warning, Message = "The access log {Path} is written again; {Lines} lines were lost")]
    private static partial void LogWritten(ILogger logger, string path, long lines);

    /// <summary>Lines for one file.</summary>
    private sealed record Batch(AccessLogOptions Options, ArrayBufferWriter<byte> Lines);
}
