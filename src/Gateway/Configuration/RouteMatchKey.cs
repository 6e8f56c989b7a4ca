using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>What decides which requests a route takes. Two that clash would make routing fail with "ambiguous match" at the first request.</summary>
internal sealed class RouteMatchKey(RoutePattern pattern, RouteConfig route)
{
    private readonly string _path = Shape(pattern);
    private readonly int _order = route.Order ?? 0;
    private readonly IReadOnlyList<string> _hosts = route.Match.Hosts ?? [];
    private readonly IReadOnlyList<string> _methods = route.Match.Methods ?? [];
    private readonly IReadOnlyList<RouteHeader> _headers = route.Match.Headers ?? [];
    private readonly IReadOnlyList<RouteQueryParameter> _query = route.Match.QueryParameters ?? [];

    // A route with hosts (or methods) is preferred to one without, so only equals can clash.
    public bool Clashes(RouteMatchKey other) =>
        _order == other._order
        && _path.Equals(other._path, StringComparison.OrdinalIgnoreCase)
        && Overlap(_hosts, other._hosts)
        && Overlap(_methods, other._methods)
        && _headers.ToHashSet().SetEquals(other._headers)
        && _query.ToHashSet().SetEquals(other._query);

    private static bool Overlap(IReadOnlyList<string> left, IReadOnlyList<string> right) =>
        left.Count == 0 ? right.Count == 0 : left.Intersect(right, StringComparer.OrdinalIgnoreCase).Any();

    /// <summary>The template without its parameters' names: /api/{**rest} and /api/{*all} are the same.</summary>
    private static string Shape(RoutePattern pattern) =>
        string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Shape))));

    private static string Shape(RoutePatternPart part) => part switch
    {
        RoutePatternParameterPart parameter =>
            (parameter.IsCatchAll ? "{*" : parameter.IsOptional || parameter.Default is not null ? "{?" : "{")
            + string.Join(':', parameter.ParameterPolicies.Select(policy => policy.Content)) + "}",
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        _ => part.ToString()!,
    };
}
