using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>The files of a configuration. Relative names count from the folder of the main one, as with <c>nginx -c</c>.</summary>
internal sealed class NginxFiles(string mainPath)
{
    private static readonly string[] Data = ["mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "snippets/fastcgi-php.conf"];

    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(mainPath)) ?? "/";

    /// <summary>Text of any encoding: what is no UTF-8 is read byte by byte.</summary>
    public static string Text(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    /// <summary>Whether an include is one of nginx's own lists, whose content says nothing about this configuration.</summary>
    public static bool IsData(string name) => Data.Any(data => name == data || name.EndsWith("/" + data, StringComparison.Ordinal));

    /// <summary>A path of the configuration as a full path.</summary>
    public string Resolve(string name) => name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) ? name : Path.Combine(_folder, name);

    /// <summary>The files that an include means, in nginx's order: one file, whether it is there or not, or what fits a pattern.</summary>
    public IReadOnlyList<string> Matching(string pattern)
    {
        var path = Resolve(pattern);
        if (path.IndexOfAny(['*', '?', '[']) < 0)
        {
            return [path];
        }

        IEnumerable<string> found = ["/"];
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.IndexOfAny(['*', '?', '[']) < 0
                ? [.. found.Select(folder => Path.Combine(folder, part)).Where(Path.Exists)]
                : [.. found.Where(Directory.Exists).SelectMany(folder => Entries(folder, part))];
        }

        return [.. found.Where(File.Exists).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Entries(string folder, string part)
    {
        var glob = new Regex("^" + Regex.Escape(part).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal)
            .Replace("\\[!", "[^", StringComparison.Ordinal).Replace("\\[", "[", StringComparison.Ordinal) + "$",
            RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1));
        try
        {
            return Directory.GetFileSystemEntries(folder)
                .Where(entry => Path.GetFileName(entry) is var name && (name[0] != '.' || part[0] == '.') && glob.IsMatch(name));
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }
}
