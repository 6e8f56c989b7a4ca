using System.Globalization;
using Gateway.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Observability;

/// <summary>The access log's file with the former ones behind it. One writer; others may rename, remove or empty the file under it.</summary>
/// <param name="options">Which file, and when it is full.</param>
/// <param name="time">Clock of its age.</param>
/// <param name="onNotRotated">Called when no new file can be begun, though the old one can be written; at most once until one can.</param>
internal sealed class RotatingFile(AccessLogOptions options, TimeProvider time, Action<Exception> onNotRotated) : IDisposable
{
    private SafeFileHandle? _handle;
    private DateTimeOffset _begun;
    private bool _cannotRotate;

    public AccessLogOptions Options => options;

    /// <summary>Writes whole lines at the end; all of them or none.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not.</exception>
    public void Write(ReadOnlySpan<byte> lines)
    {
        var length = Open(lines.Length);
        try
        {
            RandomAccess.Write(_handle!, lines, length);
        }
        catch (IOException)
        {
            // Half a line would spoil the next one. On a full disk a shorter file is always possible.
            RandomAccess.SetLength(_handle!, length);
            throw;
        }
    }

    /// <summary>Takes up the file by its name again.</summary>
    public void Close()
    {
        _handle?.Dispose();
        _handle = null;
    }

    public void Dispose() => Close();

    /// <returns>Where to write.</returns>
    private long Open(int more)
    {
        // logrotate has renamed the file, or somebody has removed it. Emptied (copytruncate), it goes on from its new end.
        if (_handle is not null && (new FileInfo(options.Path) is not { Exists: true } there || there.Length != RandomAccess.GetLength(_handle)))
        {
            Close();
        }

        var length = OpenHandle();
        if (length > 0 && ((options.MaxSize > 0 && length + more > options.MaxSize) || (options.MaxAge is { } age && time.GetUtcNow() - _begun >= age)))
        {
            Close();
            TryRotate();
            length = OpenHandle();
        }

        return length;
    }

    private long OpenHandle()
    {
        if (_handle is null)
        {
            _handle = File.OpenHandle(options.Path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            var isNew = RandomAccess.GetLength(_handle) == 0;
            _begun = isNew ? time.GetUtcNow() : new DateTimeOffset(File.GetCreationTimeUtc(options.Path));
        }

        return RandomAccess.GetLength(_handle);
    }

    private void TryRotate()
    {
        try
        {
            Rotate();
            _cannotRotate = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that is too long is better than none.
            if (!_cannotRotate)
            {
                _cannotRotate = true;
                onNotRotated(e);
            }
        }
    }

    // The oldest goes; each of the others gets the next number.
    private void Rotate()
    {
        File.Delete(Former(options.Keep));
        for (var number = options.Keep - 1; number >= 1; number--)
        {
            if (File.Exists(Former(number)))
            {
                File.Move(Former(number), Former(number + 1));
            }
        }

        if (options.Keep > 0)
        {
            File.Move(options.Path, Former(1));
        }
        else
        {
            File.Delete(options.Path);
        }
    }

    private string Former(int number) => string.Create(CultureInfo.InvariantCulture, $"{options.Path}.{number}");
}
