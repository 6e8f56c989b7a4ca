using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>Checks what a route refers to and which requests it takes.</summary>
internal sealed class RouteValidator(YarpConfiguration yarp, ConfigurationErrors errors)
{
    private readonly List<(RouteMatchKey Key, ConfigurationNode Node)> _taken = [];

    public void Validate(ConfigurationNode root, IProxyConfig config)
    {
        var clusters = root.Find("ReverseProxy:Clusters")?.Children.Select(cluster => cluster.Key).ToArray() ?? [];
        foreach (var node in root.Find("ReverseProxy:Routes")?.Children ?? [])
        {
            if (config.Routes.FirstOrDefault(r => r.RouteId.Equals(node.Key, StringComparison.OrdinalIgnoreCase)) is { } route)
            {
                ValidateAnswer(node, route);
                ValidateCluster(node, route, clusters);
                PolicyReference.Check(node.Nearest("AuthorizationPolicy"), route.AuthorizationPolicy, root, errors);
                ValidateMatch(node, route);
            }
        }
    }

    private void ValidateAnswer(ConfigurationNode node, RouteConfig route)
    {
        if (RouteAnswer.Of(route) is not { } answer)
        {
            // A wrong Status or Redirect has been said already.
            if (route.ClusterId is null && !errors.IsSpokenAboutWithin(node.PathOf("Metadata")))
            {
                errors.AddMissing(node, "ClusterId", "add it, for example \"ClusterId\": \"voice\"");
            }

            return;
        }

        if (route.ClusterId is not null)
        {
            errors.Add(node.Nearest("ClusterId"), QuotedValue.Of(route.ClusterId), "the route answers by itself", "remove ClusterId, or Status, Redirect and Text from its Metadata");
        }

        var isRedirect = answer.Status is 301 or 302 or 303 or 307 or 308;
        if (answer.Redirect is null)
        {
            return;
        }

        var redirect = node.Nearest("Metadata:" + RouteAnswer.RedirectKey);
        if (!isRedirect)
        {
            errors.Add(node.Nearest("Metadata:" + RouteAnswer.StatusKey), answer.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), "is no status of a redirect", "301, 302, 303, 307 or 308");
        }

        var known = RouteAnswer.Placeholders.Concat(Parameters(route.Match.Path)).ToArray();
        foreach (System.Text.RegularExpressions.Match placeholder in RouteAnswer.Placeholder().Matches(answer.Redirect))
        {
            if (!known.Contains(placeholder.Groups[1].Value, StringComparer.Ordinal))
            {
                errors.Add(redirect, QuotedValue.Of(placeholder.Value), "there is no such placeholder", "there are " + string.Join(", ", known.Select(name => $"{{{name}}}")));
            }
        }
    }

    private static IEnumerable<string> Parameters(string? path)
    {
        try
        {
            return RoutePatternFactory.Parse(path ?? "").Parameters.Select(parameter => parameter.Name);
        }
        catch (RoutePatternException)
        {
            return [];
        }
    }

    private void ValidateCluster(ConfigurationNode node, RouteConfig route, string[] clusters)
    {
        if (route.ClusterId is null
            || clusters.Contains(route.ClusterId, StringComparer.OrdinalIgnoreCase)
            || errors.IsSpokenAbout("ReverseProxy:Clusters:" + route.ClusterId))
        {
            return;
        }

        var remedy = DidYouMean.Nearest(route.ClusterId, clusters) is { } near ? $"did you mean '{near}'?"
            : clusters.Length == 0 ? "add it under ReverseProxy:Clusters"
            : "add it under ReverseProxy:Clusters; there are " + string.Join(", ", clusters);
        errors.Add(node.Nearest("ClusterId"), QuotedValue.Of(route.ClusterId), "there is no such cluster", remedy);
    }

    private void ValidateMatch(ConfigurationNode node, RouteConfig route)
    {
        if (node.Child("Match") is not { } match)
        {
            return;
        }

        if (string.IsNullOrEmpty(route.Match.Path) && route.Match.Hosts is not { Count: > 0 })
        {
            if (!errors.IsSpokenAbout(match.PathOf("Hosts")))
            {
                errors.AddMissing(match, "Path", "add it, for example \"Path\": \"/{**rest}\" for all requests, or Hosts");
            }

            return;
        }

        if (Parse(match, route.Match.Path) is { } pattern)
        {
            var key = new RouteMatchKey(pattern, route);
            if (!errors.IsSpokenAboutWithin(match.Path) && _taken.Find(other => other.Key.Clashes(key)) is { Node: not null } first)
            {
                errors.Add(node, null, $"takes the same requests as route '{first.Node.Key}' in {first.Node.Location}", "change its Match, or give one of the two an Order");
            }

            _taken.Add((key, node));
        }
    }

    private RoutePattern? Parse(ConfigurationNode match, string? path)
    {
        try
        {
            var pattern = RoutePatternFactory.Parse(path ?? "/{**rest}");
            foreach (var parameter in pattern.Parameters)
            {
                foreach (var policy in parameter.ParameterPolicies.Where(policy => policy.Content is not null))
                {
                    yarp.CheckConstraint(parameter, policy.Content!);
                }
            }

            return pattern;
        }
        catch (Exception e) when (e is RoutePatternException or InvalidOperationException or ArgumentException or FormatException)
        {
            errors.Add(match.Nearest("Path"), QuotedValue.Of(path!), "is no path template: " + e.Message.TrimEnd('.'), "for example /api/{**rest}");
            return null;
        }
    }
}
