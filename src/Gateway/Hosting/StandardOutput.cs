using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace Gateway.Hosting;

/// <summary>Log lines on their way to standard output: those of a moment are written at once, so that no request waits for
/// whoever reads them. What warns is written before its request goes on.</summary>
internal sealed class StandardOutput : ILogEventSink, IDisposable
{
    private const int MaxWaiting = 4 * 1024 * 1024;

    // Each time wakes two threads: 5 ms took 3 % of the processor time of small requests.
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly CompactJsonLine _format = new();
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly ITimer _timer;
    private byte[] _waiting = new byte[8 * 1024];
    private byte[] _written = new byte[8 * 1024];
    private int _length;
    private long _lost;
    private bool _isDue;

    /// <param name="output">Standard output.</param>
    /// <param name="time">Clock of the moment.</param>
    public StandardOutput(Stream output, TimeProvider time)
    {
        (_output, _time) = (output, time);
        _timer = time.CreateTimer(static self => ((StandardOutput)self!).WriteWaiting(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Emit(LogEvent logEvent)
    {
        using var line = new StringWriter();
        _format.Format(logEvent, line);
        Add(Encoding.UTF8.GetBytes(line.ToString()));
        if (logEvent.Level >= LogEventLevel.Warning)
        {
            WriteWaiting();
        }
    }

    /// <param name="line">One line of UTF-8 with its end.</param>
    public void Add(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            if (_length + line.Length > MaxWaiting)
            {
                // Nobody reads. The gateway's work goes on.
                _lost++;
                return;
            }

            if (_length + line.Length > _waiting.Length)
            {
                Array.Resize(ref _waiting, Math.Max(2 * _waiting.Length, _length + line.Length));
            }

            line.CopyTo(_waiting.AsSpan(_length));
            _length += line.Length;
            if (!_isDue)
            {
                _isDue = true;
                _timer.Change(Delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_writing)
        {
            WriteTaken();
        }
    }

    // Whoever is writing goes on with what has come meanwhile.
    private void WriteWaiting()
    {
        if (_writing.TryEnter())
        {
            try
            {
                WriteTaken();
            }
            finally
            {
                _writing.Exit();
            }
        }
    }

    private void WriteTaken()
    {
        var length = Take();
        try
        {
            _output.Write(_written, 0, length);
            _output.Flush();
        }
        catch (IOException)
        {
            // A full disk, say: there is no place to complain.
        }

        lock (_lock)
        {
            _isDue = _length > 0;
            if (_isDue)
            {
                _timer.Change(Delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private int Take()
    {
        lock (_lock)
        {
            // While it is written the next lines come without a timer of their own.
            _isDue = true;
            (_waiting, _written) = (_written, _waiting);
            var length = _length;
            _length = 0;
            if (_lost > 0)
            {
                var notice = Encoding.UTF8.GetBytes($"{{\"@t\":\"{_time.GetUtcNow().UtcDateTime:O}\",\"@m\":\"{_lost} log lines were lost: nobody read standard output\",\"@l\":\"Warning\"}}\n");
                _lost = 0;
                notice.CopyTo(_waiting, 0);
                _length = notice.Length;
            }

            return length;
        }
    }
}
