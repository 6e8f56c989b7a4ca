using System.Net;
using Gateway.Boundary;
using Gateway.Boundary.Access;
using Gateway.Configuration;
using Gateway.Proxying.Services;

namespace Gateway.Explain;

/// <summary>How the headers differ on the two sides of the gateway, and what makes the difference.</summary>
internal static class HeaderLines
{
    private static readonly string[] Introduced = ["X-Authenticated-User", "X-Authenticated-By"];

    /// <summary>What the service receives other than what the client has sent.</summary>
    public static ExplanationSection Request(GatewayConfiguration configuration, ExplainedRequest request, RehearsedRequest result)
    {
        IReadOnlyList<KeyValuePair<string, string>> sent = [KeyValuePair.Create("Host", request.HostHeader), .. request.Headers];
        return new ExplanationSection("Request headers", [
            .. Changes(sent, result.Received?.Headers ?? result.Watch.Admitted).Select(change => new ExplanationLine(change.Name, change.Words, Cause(configuration, result, change.Name)))]);
    }

    /// <summary>What the client receives other than what the service has sent.</summary>
    public static ExplanationSection Response(GatewayConfiguration configuration, RehearsedRequest result)
    {
        var sources = new Sources(configuration);
        KeyValuePair<string, string>[] answered = result.Received is null ? [] : [KeyValuePair.Create("Server", RecordingService.ServerHeader), KeyValuePair.Create("Content-Length", "0")];
        List<ExplanationLine> lines = [];
        foreach (var (name, words) in Changes(answered, [.. result.Headers.Where(header => !IsOfTheConnection(header.Key))]))
        {
            lines.Add(new ExplanationLine(name, words, name.Equals("Strict-Transport-Security", StringComparison.OrdinalIgnoreCase) ? sources.Of("Gateway:StrictTransportSecurity") : CauseInRoute(configuration, result, name) ?? Sources.Default));
        }

        return new ExplanationSection("Response headers", lines);
    }

    /// <summary>The route's own changes, as they are written.</summary>
    public static IEnumerable<ExplanationLine> Transforms(GatewayConfiguration configuration, RehearsedRequest result)
    {
        var sources = new Sources(configuration);
        foreach (var (transform, index) in (result.Watch.Route?.Transforms ?? []).Select((transform, index) => (transform, index)))
        {
            var path = $"ReverseProxy:Routes:{result.Watch.Route!.RouteId}:Transforms:{index}";
            yield return sources.Line("Transform", string.Join(", ", transform.Select(part => $"{part.Key}: {part.Value}")), path);
        }
    }

    private static IEnumerable<(string Name, string Words)> Changes(IReadOnlyList<KeyValuePair<string, string>> before, IReadOnlyList<KeyValuePair<string, string>> after)
    {
        var (then, now) = (ByName(before), ByName(after));
        foreach (var (name, value) in now)
        {
            if (!then.TryGetValue(name, out var former))
            {
                yield return (name, "added: " + value);
            }
            else if (former != value)
            {
                yield return (name, $"replaced: {value} (was {former})");
            }
        }

        foreach (var (name, value) in then)
        {
            if (!now.ContainsKey(name))
            {
                yield return (name, "removed (was " + value + ")");
            }
        }
    }

    private static Dictionary<string, string> ByName(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        headers.GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase).ToDictionary(group => group.Key, group => string.Join(", ", group.Select(h => h.Value)), StringComparer.OrdinalIgnoreCase);

    private static string Cause(GatewayConfiguration configuration, RehearsedRequest result, string name)
    {
        var sources = new Sources(configuration);
        if (CauseInRoute(configuration, result, name) is { } transform)
        {
            return transform;
        }

        if (ClientHeaders.Names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return sources.Of("Gateway:TrustedProxies");
        }

        if (result.Watch.Admission is { } admission && IsOfAccess(admission, name))
        {
            return sources.Of("Gateway:Access:" + admission.Policy.Name);
        }

        return ForgeableHeaders.Contains(name) ? "default: clients could claim it" : Sources.Default;
    }

    private static bool IsOfAccess(Admission admission, string name) =>
        Introduced.Contains(name, StringComparer.OrdinalIgnoreCase)
        || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Sec-WebSocket-Protocol", StringComparison.OrdinalIgnoreCase)
        || name.Equals(admission.Policy.Header, StringComparison.OrdinalIgnoreCase);

    // A transform that names the header; else one that is about all of them or makes it.
    private static string? CauseInRoute(GatewayConfiguration configuration, RehearsedRequest result, string name)
    {
        var own = $"ReverseProxy:Routes:{result.Watch.Route?.RouteId}:Transforms:";
        var transforms = (result.Watch.Route?.Transforms ?? []).Select((transform, index) => (transform, index)).ToArray();
        var cause = transforms.Where(t => t.transform.Values.Any(value => value.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .Concat(transforms.Where(t => Makes(t.transform.Keys, t.transform.Values, name)))
            .Select(t => (int?)t.index).FirstOrDefault();
        return cause is { } index ? new Sources(configuration).Of(own + index.ToString(System.Globalization.CultureInfo.InvariantCulture)) : null;
    }

    private static bool Makes(IEnumerable<string> keys, IEnumerable<string> values, string name) => keys.Any(key => key switch
    {
        "X-Forwarded" => name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) && values.Any(prefix => prefix.Length > 2 && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase),
        "Forwarded" => name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase),
        "RequestHeaderOriginalHost" => name.Equals("Host", StringComparison.OrdinalIgnoreCase),
        "RequestHeadersAllowed" or "RequestHeadersCopy" => true,
        _ => false,
    });

    private static bool IsOfTheConnection(string name) =>
        name.Equals("Date", StringComparison.OrdinalIgnoreCase) || name.Equals("Connection", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase) || name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase);
}
