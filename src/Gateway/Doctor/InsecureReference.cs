using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Doctor;

/// <summary>A place in a page or script that does not work, or not everywhere, when the page is served over HTTPS.</summary>
/// <param name="File">Its path on the site.</param>
/// <param name="Offset">In bytes, from 0.</param>
/// <param name="Line">From 1.</param>
/// <param name="Text">The literal as it stands there.</param>
/// <param name="Instead">The same that works.</param>
/// <param name="Kind">What is wrong with it.</param>
internal sealed partial record InsecureReference(string File, int Offset, int Line, string Text, string Instead, ReferenceKind Kind)
{
    private const int Longest = 200;
    private const int LongestLine = 2000;

    // A choice by the page's scheme has its secure half beside it.
    private const int Nearby = 60;

    // Names of XML namespaces and vocabularies, which nobody fetches.
    private static readonly string[] Vocabularies = ["www.w3.org", "schema.org", "json-schema.org", "purl.org", "ns.adobe.com", "xmlns.com", "www.sitemaps.org"];

    public static IReadOnlyList<InsecureReference> In(PageFile file) => [.. Urls().Matches(file.Text).Select(match => Of(file, match)).OfType<InsecureReference>(), .. Ports(file)];

    private static InsecureReference? Of(PageFile file, Match match)
    {
        var (scheme, host, rest) = (match.Groups["scheme"].Value.ToLowerInvariant(), match.Groups["host"].Value, match.Groups["rest"].Value);
        if (Array.Exists(Vocabularies, v => host.Equals(v, StringComparison.OrdinalIgnoreCase)) || IsComment(file, match.Index))
        {
            return null;
        }

        var inTag = file.IsHtml ? Tag(file.Text, match.Index) : null;
        if (inTag is { Loads: false })
        {
            return null;
        }

        var isOwn = IsOwnHost(host);
        var hasPort = HostWithPort().IsMatch(host);
        if (scheme is "https" or "wss")
        {
            return hasPort && isOwn ? At(file, match.Index, match.Length, Replacement(file.Text, match, scheme, isOwn, rest, inTag is not null), ReferenceKind.Port) : null;
        }

        if (!hasPort && Around(file.Text, match).Contains(scheme + "s", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return At(file, match.Index, match.Length, Replacement(file.Text, match, scheme, isOwn, rest, inTag is not null),
            scheme == "ws" ? ReferenceKind.WebSocket : inTag is null && !isOwn && host.Length > 0 ? ReferenceKind.PerhapsLoaded : ReferenceKind.Loaded);
    }

    // location.hostname + ":5001/api", `//${location.hostname}:5001`
    private static IEnumerable<InsecureReference> Ports(PageFile file) => OwnPort().Matches(file.Text)
        .Where(match => !IsComment(file, match.Index) && !Urls().Matches(Around(file.Text, match)).Any(url => url.Value.Contains(match.Value, StringComparison.Ordinal)))
        .Select(match => At(file, match.Index, match.Length, (match.Value, WithoutPort(match)), ReferenceKind.Port));

    private static string WithoutPort(Match match) =>
        !match.Groups["quote"].Success ? "${location.host}"
        : match.Groups["end"].Success ? "location.host"
        : "location.host + " + match.Groups["quote"].Value;

    private static InsecureReference At(PageFile file, int index, int length, (string Old, string New) change, ReferenceKind kind)
    {
        // The literal may begin with its quote, before the URL.
        var start = file.Text.IndexOf(change.Old, Math.Max(0, index - 1), StringComparison.Ordinal) is >= 0 and var found && found <= index + length ? found : index;
        return new InsecureReference(
            file.Path, Encoding.UTF8.GetByteCount(file.Text.AsSpan(0, start)), file.Text.AsSpan(0, start).Count('\n') + 1,
            change.Old.Length <= Longest ? change.Old : change.Old[..Longest], change.New, kind);
    }

    private static (string Old, string New) Replacement(string text, Match match, string scheme, bool isOwn, string rest, bool inTag)
    {
        var secure = scheme is "ws" or "wss" ? "wss" : "https";
        var quote = match.Index > 0 ? text[match.Index - 1] : ' ';
        var end = match.Index + match.Length;
        var isWhole = quote is '"' or '\'' or '`' && end < text.Length && text[end] == quote;
        if (!isOwn)
        {
            return (match.Value, secure + match.Value[match.Value.IndexOf(':', StringComparison.Ordinal)..]);
        }

        if (inTag)
        {
            return (match.Value, rest.Length > 0 ? rest : "/");
        }

        var (old, isSocket) = (isWhole ? quote + match.Value + quote : match.Value, secure == "wss");
        return (isWhole, isSocket, quote) switch
        {
            (true, true, '`') => (old, $"`wss://${{location.host}}{rest}`"),
            (true, true, _) => (old, rest.Length > 0 ? $"{quote}wss://{quote} + location.host + {quote}{rest}{quote}" : $"{quote}wss://{quote} + location.host"),
            (true, false, _) => (old, rest.Length > 0 ? quote + rest + quote : "location.origin"),
            _ when match.Groups["host"].Length == 0 => (old, secure + "://"),
            _ => (old, secure + "://${location.host}" + rest),
        };
    }

    private static bool IsOwnHost(string host) =>
        host.StartsWith("localhost", StringComparison.OrdinalIgnoreCase) || host.StartsWith("127.0.0.1", StringComparison.Ordinal)
        || host.StartsWith("0.0.0.0", StringComparison.Ordinal) || host.Contains("hostname", StringComparison.Ordinal) || host.Contains("location.host", StringComparison.Ordinal);

    // What stands in a comment is read by nobody. "://" is not one.
    private static bool IsComment(PageFile file, int index)
    {
        var line = LineStart(file.Text, index);
        // A minified file is one line, which no comment can end.
        var before = index - line > LongestLine ? "" : file.Text[line..index];
        var block = file.Text.LastIndexOf("/*", index, StringComparison.Ordinal);
        return LineComment().IsMatch(before)
            || (block >= 0 && file.Text.IndexOf("*/", block, StringComparison.Ordinal) is var end && (end < 0 || end > index) && !InString(file.Text, block))
            || (file.IsHtml && file.Text.LastIndexOf("<!--", index, StringComparison.Ordinal) is >= 0 and var open && file.Text.IndexOf("-->", open, StringComparison.Ordinal) is var close && (close < 0 || close > index));
    }

    // "/*" in a glob such as "api/*" begins no comment.
    private static bool InString(string text, int index) => index > 0 && (char.IsLetterOrDigit(text[index - 1]) || text[index - 1] is '"' or '\'' or '`');

    private static int LineStart(string text, int index) => index == 0 ? 0 : text.LastIndexOf('\n', index - 1) + 1;

    private static string Around(string text, Match match) => text[Math.Max(0, match.Index - Nearby)..Math.Min(text.Length, match.Index + match.Length + Nearby)];

    // Inside a tag, whether the browser loads what stands there; null in the text, which is also that of a script.
    private static (bool Loads, string Name)? Tag(string text, int index)
    {
        var script = text.LastIndexOf("<script", index, StringComparison.OrdinalIgnoreCase);
        if (script > text.LastIndexOf("</script", index, StringComparison.OrdinalIgnoreCase) && text.IndexOf('>', script) is >= 0 and var begun && begun < index)
        {
            return null;
        }

        var open = text.LastIndexOf('<', index);
        if (open < 0 || (text.IndexOf('>', open) is >= 0 and var close && close < index) || TagName().Match(text, open) is not { Success: true } name || name.Index != open)
        {
            return (false, "text");
        }

        var tag = text[open..index];
        var loads = name.Groups[1].Value.ToLowerInvariant() switch
        {
            "a" or "meta" or "html" or "base" => false,
            "link" => !tag.Contains("canonical", StringComparison.OrdinalIgnoreCase) && !tag.Contains("alternate", StringComparison.OrdinalIgnoreCase),
            _ => LoadingAttribute().IsMatch(tag),
        };
        return (loads, name.Groups[1].Value);
    }

    [GeneratedRegex("""(?<![A-Za-z])(?<scheme>wss?|https?)://(?<host>[^/\s"'`<>\\)?#]*)(?<rest>[^\s"'`<>\\)]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex Urls();

    [GeneratedRegex("""(?:location\.(?:hostname|host)\s*\+\s*(?<quote>["'`]):\d{2,5}(?<end>\k<quote>)?|\$\{[^}]*(?:hostname|host)\}:\d{2,5})""")]
    private static partial Regex OwnPort();

    [GeneratedRegex("""(?:^|[\s;,(){}])//""")]
    private static partial Regex LineComment();

    [GeneratedRegex(""":\d{2,5}$""")]
    private static partial Regex HostWithPort();

    [GeneratedRegex("""<([a-zA-Z][a-zA-Z0-9-]*)""")]
    private static partial Regex TagName();

    [GeneratedRegex("""\b(?:src|srcset|href|action|data|poster)\s*=\s*["']?[^"'=]*$""", RegexOptions.IgnoreCase)]
    private static partial Regex LoadingAttribute();
}

/// <summary>What is wrong with a reference.</summary>
internal enum ReferenceKind
{
    /// <summary><c>ws://</c>, which an https page may not open.</summary>
    WebSocket,

    /// <summary><c>http://</c> that the page loads or asks.</summary>
    Loaded,

    /// <summary><c>http://</c> in a script, which may be no more than a link.</summary>
    PerhapsLoaded,

    /// <summary>A port of this site that is written down.</summary>
    Port,
}
