using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Gateway.FrontEnd;

/// <summary>A file of the front end, and how it goes to a client.</summary>
/// <param name="Path">Below the root, with slashes.</param>
/// <param name="Content">What is read: the file, or the compressed one beside it.</param>
/// <param name="Encoding">Content-Encoding; null for the file itself.</param>
/// <param name="Varies">Whether another client would get another encoding.</param>
internal sealed record SiteFile(string Path, FileInfo Content, string? Encoding, bool Varies)
{
    // What build tools write beside a file, in the order of our preference.
    private static readonly (string Suffix, string Encoding)[] Compressed = [(".br", "br"), (".gz", "gzip")];

    private static readonly FileExtensionContentTypeProvider ContentTypes = new() { Mappings = { [".mjs"] = "text/javascript", [".avif"] = "image/avif" } };

    /// <summary>Text without a charset is UTF-8: every build tool writes it.</summary>
    public string ContentType =>
        !ContentTypes.TryGetContentType(Path, out var type) ? "application/octet-stream"
        : type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8"
        : type;

    /// <summary>Changes with the file's time or length; strong, for the bytes are those of the file.</summary>
    public EntityTagHeaderValue EntityTag => new($"\"{Content.LastWriteTimeUtc.Ticks:x}-{Content.Length:x}{Encoding}\"");

    /// <param name="root">The front end's folder, as a full path.</param>
    /// <param name="path">Below the root.</param>
    /// <param name="accepted">The client's Accept-Encoding.</param>
    /// <returns>Null when there is no such file.</returns>
    public static SiteFile? Find(string root, string path, IList<StringWithQualityHeaderValue> accepted)
    {
        if (FullPath(root, path) is not { } full || new FileInfo(full) is not { Exists: true } plain)
        {
            return null;
        }

        var siblings = Compressed
            .Select(kind => (kind.Encoding, File: new FileInfo(full + kind.Suffix)))
            // One that is older is of an older build.
            .Where(kind => kind.File.Exists && kind.File.LastWriteTimeUtc >= plain.LastWriteTimeUtc.AddSeconds(-1))
            .ToArray();
        var chosen = siblings.FirstOrDefault(kind => Accepts(accepted, kind.Encoding));
        return new SiteFile(path, chosen.File ?? plain, chosen.Encoding, siblings.Length > 0);
    }

    /// <summary>Whether a folder with an index.html stands there.</summary>
    public static bool IsFolder(string root, string path) => FullPath(root, path) is { } full && File.Exists(System.IO.Path.Combine(full, "index.html"));

    // Hidden files are the builder's (.env, .git), but for those that RFC 8615 has clients ask for.
    private static string? FullPath(string root, string path)
    {
        var segments = path.Split('/');
        if (Array.Exists(segments, segment => (segment.StartsWith('.') && segment != ".well-known") || segment.AsSpan().ContainsAny('\\', ':', '\0')))
        {
            return null;
        }

        var full = System.IO.Path.GetFullPath(System.IO.Path.Combine([root, .. segments]));
        return full.StartsWith(root + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal) || full == root ? full : null;
    }

    // RFC 9110 section 12.5.3: a quality of 0 means no, and the star stands for what is not listed.
    private static bool Accepts(IList<StringWithQualityHeaderValue> accepted, string encoding)
    {
        var entry = accepted.FirstOrDefault(value => value.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase))
            ?? accepted.FirstOrDefault(value => value.Value == "*");
        return entry is { Quality: not 0 };
    }
}
