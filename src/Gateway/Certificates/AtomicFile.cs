using System.Runtime.InteropServices;

namespace Gateway.Certificates;

/// <summary>Writes files so that no reader, and no crash, ever meets half of one, and no key is readable by others for an instant.</summary>
internal static partial class AtomicFile
{
    /// <summary>Only the owner may read and write.</summary>
    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Everybody may read.</summary>
    public const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes a file, replacing one that is there.</summary>
    /// <exception cref="IOException">The file that was there before is unchanged.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode) =>
        Write(path, content, mode, DiskSteps.Real);

    /// <summary>Writes a file, replacing one that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Its mode from the first instant.</param>
    /// <param name="disk">What is done to the disk; a test stops in the middle.</param>
    /// <exception cref="IOException">The file that was there before is unchanged.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode, DiskSteps disk)
    {
        var (folder, temporary) = Temporary(path);
        try
        {
            disk.WriteThrough(temporary, content, mode);
            disk.Replace(temporary, path);
        }
        catch
        {
            disk.Delete(temporary);
            throw;
        }

        // The new name is on the disk only when the folder is.
        disk.SyncFolder(folder);
    }

    /// <summary>Writes a file unless there is one: of several processes at once exactly one gets true.</summary>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var (folder, temporary) = Temporary(path);
        try
        {
            DiskSteps.Real.WriteThrough(temporary, content, mode);

            // On Unix File.Move without overwrite looks first and renames then, so that several at once may all succeed.
            if (!OperatingSystem.IsWindows() && Link(temporary, Path.GetFullPath(path)) == 0)
            {
                File.Delete(temporary);
            }
            else
            {
                // Windows, a name that is taken, or a file system without links.
                File.Move(temporary, path, overwrite: false);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(temporary);
            return false;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        DiskSteps.Real.SyncFolder(folder);
        return true;
    }

    /// <summary>Makes a folder, and those above it that are missing, that only the owner may enter.</summary>
    public static void CreateSecretFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        // The runtime gives the mode to the last folder only.
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent)
        {
            CreateSecretFolder(parent);
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Secret | UnixFileMode.UserExecute);
        }
    }

    private static (string Folder, string Path) Temporary(string path)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        return (folder, Path.Combine(folder, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}"));
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);
}
