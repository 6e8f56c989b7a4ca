using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>How nginx writes times and sizes, and what its variables stand for where that is known beforehand.</summary>
internal static partial class NginxValue
{
    /// <summary><c>90</c>, <c>90s</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
    public static TimeSpan? Time(string text)
    {
        if (text.Length == 0 || !WholeTime().IsMatch(text))
        {
            return null;
        }

        var total = 0.0;
        foreach (Match part in TimePart().Matches(text))
        {
            var number = double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture);
            total += number * part.Groups[2].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, "d" => 86400, "w" => 604800, "M" => 2592000, "y" => 31536000, _ => 1 };
        }

        return total > 999_999L * 86400 ? null : TimeSpan.FromMilliseconds(Math.Round(total * 1000));
    }

    /// <summary><c>8192</c>, <c>100k</c>, <c>20m</c>, <c>1g</c>, in bytes.</summary>
    public static long? Size(string text)
    {
        if (!WholeSize().IsMatch(text))
        {
            return null;
        }

        var (number, unit) = char.IsAsciiDigit(text[^1]) ? (text, ' ') : (text[..^1], char.ToLowerInvariant(text[^1]));
        return long.Parse(number, CultureInfo.InvariantCulture) * (unit switch { 'k' => 1024L, 'm' => 1024L * 1024, 'g' => 1024L * 1024 * 1024, _ => 1 });
    }

    /// <summary>The text with variables that a <c>set</c> gives a fixed value; others stay. <c>${name}</c> becomes <c>$name</c>.</summary>
    public static string Resolve(string text, NginxScope scope, ImportReport report)
    {
        for (var round = 0; round < 8 && text.Contains('$', StringComparison.Ordinal); round++)
        {
            var before = text;
            text = Variable().Replace(text, match => Constant(match.Groups[1].Value, scope, report) ?? "$" + match.Groups[1].Value);
            if (text == before)
            {
                break;
            }
        }

        return text;
    }

    /// <summary>Whether it is a name that a header can have (RFC 9110 section 5.1).</summary>
    public static bool IsHeaderName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));

    public static bool HasVariables(string text) => Variable().IsMatch(text) || Capture().IsMatch(text);

    private static string? Constant(string name, NginxScope scope, ImportReport report)
    {
        for (var at = scope; at is not null; at = at.Outer)
        {
            if (at.Own("set").LastOrDefault(d => d.Arguments.Count == 2 && d.First == "$" + name) is { } set)
            {
                report.Change(set, "written out where it is used");
                return set.Arguments[1];
            }
        }

        return null;
    }

    [GeneratedRegex(@"^([0-9]{1,9}(ms|[smhdwMy])?)+$")]
    private static partial Regex WholeTime();

    [GeneratedRegex(@"([0-9]+)(ms|[smhdwMy])?")]
    private static partial Regex TimePart();

    [GeneratedRegex(@"^[0-9]{1,9}[kKmMgG]?$")]
    private static partial Regex WholeSize();

    [GeneratedRegex(@"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\$[0-9]")]
    private static partial Regex Capture();
}
