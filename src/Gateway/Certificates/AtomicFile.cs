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
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = WriteTemporary(path, content, mode);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a file unless there is one: of several processes at once exactly one gets true.</summary>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = WriteTemporary(path, content, mode);
        try
        {
            // On Unix File.Move without overwrite looks first and renames then, so that several at once may all succeed.
            if (!OperatingSystem.IsWindows() && Link(temporary, Path.GetFullPath(path)) == 0)
            {
                File.Delete(temporary);
                return true;
            }

            // Windows, a name that is taken, or a file system without links.
            File.Move(temporary, path, overwrite: false);
            return true;
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
    }

    /// <summary>Makes a folder, and those above it that are missing, that only the owner may enter.</summary>
    public static void CreateSecretFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Secret | UnixFileMode.UserExecute);
        }
    }

    private static string WriteTemporary(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var full = Path.GetFullPath(path);
        var temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        try
        {
            using var stream = new FileStream(temporary, options);
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        return temporary;
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);
}
