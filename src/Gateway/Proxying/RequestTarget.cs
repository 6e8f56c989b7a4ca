using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxying;

/// <summary>The request target at the service: byte for byte what the client sent, where that is the path that was routed.</summary>
internal static class RequestTarget
{
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The service's URI, or null to let YARP encode the routed path anew: for targets in absolute form, and for those with
    /// dot segments, which routing has resolved, so that the service never resolves them to another path.</summary>
    public static Uri? AtService(HttpContext context, string destinationPrefix)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (string.IsNullOrEmpty(raw) || raw[0] != '/' || !IsPlain(raw))
        {
            return null;
        }

        var prefix = destinationPrefix.EndsWith('/') ? destinationPrefix.AsSpan(0, destinationPrefix.Length - 1) : destinationPrefix;
        return new Uri(string.Concat(prefix, raw), Verbatim);
    }

    private static bool IsPlain(string raw)
    {
        if (raw.Contains('#'))
        {
            return false;
        }

        var query = raw.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? raw.AsSpan() : raw.AsSpan(0, query);
        return !path.Contains("/.", StringComparison.Ordinal)
            && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase)
            && !path.Contains('\\');
    }
}
