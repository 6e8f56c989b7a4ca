using System.Globalization;
using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Explain;

/// <summary>What the request was taken for, and who may ask it.</summary>
internal static class RouteLines
{
    public static IEnumerable<ExplanationSection> All(GatewayConfiguration configuration, RehearsedRequest result)
    {
        var sources = new Sources(configuration);
        var route = result.Watch.Route;
        yield return new ExplanationSection("Route", [.. route is null ? WithoutRoute(configuration, sources, result) : Route(sources, route)]);
        yield return LimitLines.For(configuration, route);
        yield return new ExplanationSection("Access", [.. Access(configuration, sources, result)]);
    }

    private static IEnumerable<ExplanationLine> WithoutRoute(GatewayConfiguration configuration, Sources sources, RehearsedRequest result)
    {
        var words = !result.WasRouted ? "not reached" : configuration.Routes.Count == 0 ? "there are no routes" : $"none of {configuration.Routes.Count} takes it";
        yield return sources.Line("none", words, "ReverseProxy:Routes");
        if (configuration.Gateway.StaticFiles is { } files)
        {
            yield return sources.Line("StaticFiles", $"what no route takes is looked for in {files.Root}{(files.Fallback is { } page ? $", else {page}" : "")}", "Gateway:StaticFiles");
        }
    }

    private static IEnumerable<ExplanationLine> Route(Sources sources, RouteConfig route)
    {
        var own = $"ReverseProxy:Routes:{route.RouteId}";
        var match = route.Match;
        yield return sources.Line(route.RouteId, match.Path ?? "any path", own);
        yield return sources.Line("Order", (route.Order ?? 0).ToString(CultureInfo.InvariantCulture), own + ":Order");
        yield return sources.Line("Hosts", Words.List(match.Hosts, "any"), own + ":Match:Hosts");
        yield return sources.Line("Methods", Words.List(match.Methods, "any"), own + ":Match:Methods");
        foreach (var (header, index) in (match.Headers ?? []).Select((header, index) => (header, index)))
        {
            yield return sources.Line("Header " + header.Name, $"{header.Mode} {Words.List(header.Values, "")}".TrimEnd(), $"{own}:Match:Headers:{index}");
        }

        foreach (var (parameter, index) in (match.QueryParameters ?? []).Select((parameter, index) => (parameter, index)))
        {
            yield return sources.Line("Query " + parameter.Name, $"{parameter.Mode} {Words.List(parameter.Values, "")}".TrimEnd(), $"{own}:Match:QueryParameters:{index}");
        }

        if (RouteAnswer.Of(route) is { } answer)
        {
            yield return sources.Line("Answers by itself", answer.ToString() + (answer.Text is null ? "" : ", with a text"), own + ":Metadata");
        }
    }

    private static IEnumerable<ExplanationLine> Access(GatewayConfiguration configuration, Sources sources, RehearsedRequest result)
    {
        var (gateway, route) = (configuration.Gateway, result.Watch.Route);
        var own = route is null ? "Gateway:StaticFiles" : $"ReverseProxy:Routes:{route.RouteId}";
        var name = route is null ? gateway.StaticFiles?.AuthorizationPolicy : route.AuthorizationPolicy;
        if (!result.WasRouted)
        {
            yield break;
        }

        yield return sources.Line("AuthorizationPolicy", name ?? "none: everybody may", own + ":AuthorizationPolicy");
        if (name is not null && gateway.Access.TryGetValue(name, out var policy))
        {
            foreach (var line in Policy(sources, policy))
            {
                yield return line;
            }

            if (result.Watch.Admission is { } admission)
            {
                yield return new("Admitted", admission.Kind == Boundary.Access.CredentialKind.None ? "by the address" : $"{admission.User} by {admission.Kind}", "the request");
            }
        }

        if (route is null)
        {
            yield break;
        }

        yield return sources.Line("CorsPolicy", route.CorsPolicy ?? "none: CORS is the service's", own + ":CorsPolicy");
        yield return sources.Line("RateLimiterPolicy", route.RateLimiterPolicy ?? Words.None, own + ":RateLimiterPolicy");
        yield return sources.Line("WebSockets", RouteMetadata.AllowsWebSockets(route) ? "may be opened" : "may not be opened: an upgrade is taken for an ordinary request", $"{own}:Metadata:{RouteMetadata.WebSockets}");
        yield return sources.Line("AllowedOrigins", Words.List(gateway.AllowedOrigins, "pages of the same host only") + " (for WebSockets)", "Gateway:WebSockets:AllowedOrigins");
        yield return sources.Line("EncodedSlashes", RouteMetadata.AllowsEncodedSlashes(route) ? "%2F may stand in the path" : "%2F in the path is 400", $"{own}:Metadata:{RouteMetadata.EncodedSlashes}");
    }

    private static IEnumerable<ExplanationLine> Policy(Sources sources, AccessPolicy policy)
    {
        var own = "Gateway:Access:" + policy.Name;
        yield return sources.Line("Allow", Words.List(policy.Allow, "all addresses"), own + ":Allow");
        yield return sources.Line("Deny", Words.List(policy.Deny, "no address"), own + ":Deny");
        yield return sources.Line("ApiKeys", policy.ApiKeys.Count == 0 ? Words.None : $"of {Words.List(policy.ApiKeys.Select(key => key.Name), "")}; Authorization: Bearer or {policy.Header}{(policy.Query is { } query ? $" or ?{query}=" : "")}", own + ":ApiKeys");
        yield return sources.Line("Basic", Words.List(policy.Basic.Keys, Words.None), own + ":Basic");
        yield return sources.Line("Jwt", policy.Jwt is { } jwt ? $"of {jwt.Issuer} for {jwt.Audience}" : Words.None, own + ":Jwt");
        yield return sources.Line("AllowPreflight", Words.Flag(policy.AllowPreflight), own + ":AllowPreflight");
    }
}
