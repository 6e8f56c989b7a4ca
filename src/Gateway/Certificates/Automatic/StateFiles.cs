using System.Globalization;

namespace Gateway.Certificates.Automatic;

/// <summary>Reads and writes in the state directory: atomically, for the owner alone, and without ever stopping at a damaged file.</summary>
internal sealed partial class StateFiles(DiskSteps disk, TimeProvider time, ILogger<StateFiles> logger)
{
    /// <exception cref="IOException">What was there before is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">What was there before is unchanged.</exception>
    public void Write(string path, ReadOnlySpan<byte> content)
    {
        AtomicFile.CreateSecretFolder(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, content, AtomicFile.Secret, disk);
    }

    /// <summary>Writes a file in a folder, reads it back and removes it, so that a full or read-only disk shows before it costs an order.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be used.</exception>
    public void Test(string folder)
    {
        var path = Path.Combine(folder, $".test-{Path.GetRandomFileName()}");
        var content = new byte[16 * 1024];
        Random.Shared.NextBytes(content);
        Write(path, content);
        var back = File.ReadAllBytes(path);
        File.Delete(path);
        if (!back.AsSpan().SequenceEqual(content))
        {
            throw new IOException($"{folder}: what was written there does not come back.");
        }
    }

    /// <summary>Gives a damaged file a name that says so; its place is free then.</summary>
    public void PutAside(string path, string reason)
    {
        var aside = $"{path}.corrupt-{time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
        try
        {
            File.Move(path, aside, overwrite: true);
            LogPutAside(path, reason, aside);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogStuck(e, path, reason);
        }
    }

    [LoggerMessage(EventId = 301, Level = LogLevel.Error, Message = "{Path} is damaged ({Reason}) and was put aside as {Aside}; what it held is made or obtained anew")]
    private partial void LogPutAside(string path, string reason, string aside);

    [LoggerMessage(EventId = 302, Level = LogLevel.Error, Message = "{Path} is damaged ({Reason}) and cannot even be renamed; see to the disk and to the owner of the folder")]
    private partial void LogStuck(Exception cause, string path, string reason);
}
