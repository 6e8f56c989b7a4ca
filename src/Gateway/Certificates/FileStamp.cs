namespace Gateway.Certificates;

/// <summary>What a look at a file tells about whether it has changed. Two equal stamps: take it as unchanged.</summary>
/// <param name="Target">Where a symbolic link finally leads (certbot replaces links); null when the file is no link.</param>
/// <param name="Length">In bytes; -1 when the file cannot be opened.</param>
/// <param name="LastWrite">In UTC.</param>
internal readonly record struct FileStamp(string? Target, long Length, DateTime LastWrite)
{
    public static FileStamp Of(string path)
    {
        string? target = null;
        try
        {
            target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;

            // Opened rather than only looked at: NFS brings its cached attributes up to date at open,
            // and a file that was made readable is a change as well.
            using var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return new FileStamp(target, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new FileStamp(target, -1, default);
        }
    }
}
