using System.Text.RegularExpressions;

namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:StaticFiles</c>, and checks what the schema cannot.</summary>
internal static partial class SiteOptionsReader
{
    public static SiteOptions? Read(ConfigurationNode root, ConfigurationErrors errors)
    {
        if (root.Find("Gateway:StaticFiles") is not { } section || section.Child("Root")?.Value is not { } folder)
        {
            return null;
        }

        CheckReachable(section, root, errors);
        if (section.Child("AuthorizationPolicy") is { } policy)
        {
            PolicyReference.Check(policy, policy.Value, root, errors);
        }

        return new SiteOptions(folder)
        {
            Fallback = section.Child("Fallback")?.Value,
            CacheControl = [.. section.Child("CacheControl")?.Children.Where(rule => rule.IsPresent).Select(rule => new CacheRule(rule.Key, rule.Value!)) ?? []],
            AuthorizationPolicy = section.Child("AuthorizationPolicy")?.Value,
        };
    }

    // Files are for what no route takes, and a route that takes everything leaves nothing.
    private static void CheckReachable(ConfigurationNode section, ConfigurationNode root, ConfigurationErrors errors)
    {
        foreach (var route in root.Find("ReverseProxy:Routes")?.Children ?? [])
        {
            if (route.Child("Match") is { } match && match.Children.All(condition => condition.Key.Equals("Path", StringComparison.OrdinalIgnoreCase))
                && match.Child("Path")?.Value is { } path && Everything().IsMatch(path))
            {
                errors.Add(section, null, $"is never used: route '{route.Key}' in {route.Location} takes every request", "remove the one or the other");
            }
        }
    }

    [GeneratedRegex(@"^/?\{\*\*?[^:{}]+\}$")]
    private static partial Regex Everything();
}
