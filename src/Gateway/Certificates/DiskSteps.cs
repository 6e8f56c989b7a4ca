using Gateway.Platform;

namespace Gateway.Certificates;

/// <summary>The single things that storing a file does to the disk, one at a time, so that a test can stop after each.</summary>
internal class DiskSteps
{
    public static readonly DiskSteps Real = new();

    /// <summary>Makes a file that must not be there yet, and returns when the disk has it.</summary>
    public virtual void WriteThrough(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var stream = new FileStream(path, options);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Gives a file the name of another, which is gone in the same instant.</summary>
    public virtual void Replace(string from, string to) => File.Move(from, to, overwrite: true);

    public virtual void SyncFolder(string path) => HostPlatform.Current.SyncFolder(path);

    public virtual void Delete(string path) => File.Delete(path);
}
