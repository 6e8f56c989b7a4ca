using System.Security;

namespace Gateway.Configuration;

/// <summary>The file on the disk.</summary>
internal static class ConfigurationFile
{
    /// <summary>The file's tree; null when it cannot be read or is not JSON, which is then reported.</summary>
    public static ConfigurationNode? Read(string path, ConfigurationErrors errors)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or SecurityException)
        {
            var (rule, remedy) = Explain(path, e);
            errors.Add(new SourceLocation(path, 0, 0), "", null, rule, remedy);
            return null;
        }

        return JsonTree.Read(content, path, errors);
    }

    internal static (string Rule, string Remedy) Explain(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException =>
            ($"cannot be read by user '{Environment.UserName}': there is no such file in {Folder(path)}", "name the file with --config"),
        UnauthorizedAccessException when Directory.Exists(path) =>
            ($"cannot be read by user '{Environment.UserName}': it is a folder", "name the file in it with --config"),
        UnauthorizedAccessException =>
            ($"cannot be read by user '{Environment.UserName}': permission denied", "let that user read the file and enter the folders above it"),
        _ => ($"cannot be read by user '{Environment.UserName}': {QuotedValue.OfMessage(e.Message)}", "name another file with --config"),
    };

    private static string Folder(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
}
