using System.Text.RegularExpressions;

namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:ErrorPages</c>, whose keys are statuses.</summary>
internal static partial class ErrorPagesReader
{
    public static IReadOnlyDictionary<string, string> Read(ConfigurationNode? section, ConfigurationErrors errors)
    {
        var pages = new Dictionary<string, string>();
        foreach (var page in section?.Children.Where(page => page.IsPresent) ?? [])
        {
            if (Statuses().IsMatch(page.Key))
            {
                pages[page.Key.ToLowerInvariant()] = page.Value!;
            }
            else
            {
                errors.Add(page, null, "is no status of an error", "write a status (502), a class (4xx, 5xx), or * for all");
            }
        }

        return pages;
    }

    [GeneratedRegex(@"^([45][0-9][0-9]|[45][xX][xX]|\*)$")]
    private static partial Regex Statuses();
}
