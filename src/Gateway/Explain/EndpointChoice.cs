using System.Globalization;
using System.Net;
using Gateway.Configuration;

namespace Gateway.Explain;

/// <summary>The endpoint that a request comes in at.</summary>
internal static class EndpointChoice
{
    /// <param name="configuration">With the endpoints.</param>
    /// <param name="request">Its scheme, port and, where it is an address, host decide.</param>
    /// <param name="name">Of the endpoint, where another port is forwarded to it; null where the request decides.</param>
    /// <param name="problem">Why there is none.</param>
    public static EndpointOptions? For(GatewayConfiguration configuration, ExplainedRequest request, string? name, out string problem)
    {
        problem = "";
        var endpoints = configuration.Endpoints;
        var there = endpoints.Count == 0 ? "There is no endpoint." : "There are: " + string.Join(", ", endpoints.Select(e => $"{e.Name} ({e.Url})")) + ".";
        if (name is not null)
        {
            var named = endpoints.FirstOrDefault(e => e.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            problem = named is null ? $"No endpoint is called '{name}'. {there}" : "";
            return named is null || Speaks(named, request, out problem) ? named : null;
        }

        var atPort = endpoints.Where(e => e.Port == request.Port).ToArray();
        if (atPort.Length == 0)
        {
            problem = string.Create(CultureInfo.InvariantCulture,
                $"Nothing listens on port {request.Port}: the connection is refused. {there} If something in front forwards the port to one of these, name it with --endpoint.");
            return null;
        }

        var chosen = atPort.FirstOrDefault(e => IsBoundTo(e, request.Host)) ?? (IPAddress.TryParse(request.Host, out _) ? null : atPort[0]);
        if (chosen is null)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"Nothing listens on {request.Host}, port {request.Port}: the connection is refused. {there}");
            return null;
        }

        return Speaks(chosen, request, out problem) ? chosen : null;
    }

    /// <summary>The address that the client reaches, for certificates that are chosen by it.</summary>
    public static IPEndPoint LocalAddress(EndpointOptions endpoint, ExplainedRequest request) =>
        new(IPAddress.TryParse(request.Host, out var literal) ? literal
            : Addresses(endpoint).FirstOrDefault(address => !IsAny(address)) ?? IPAddress.Loopback, endpoint.Port);

    private static bool Speaks(EndpointOptions endpoint, ExplainedRequest request, out string problem)
    {
        problem = endpoint.IsHttps == request.IsHttps ? ""
            : endpoint.IsHttps ? $"The endpoint {endpoint.Name} ({endpoint.Url}) speaks HTTPS, and the URL says {request.Scheme}: the connection ends without an answer. Ask for https."
            : $"The endpoint {endpoint.Name} ({endpoint.Url}) speaks plain HTTP, and the URL says {request.Scheme}: the TLS handshake fails. Ask for http.";
        return problem.Length == 0;
    }

    private static bool IsBoundTo(EndpointOptions endpoint, string host) =>
        Addresses(endpoint) is var addresses
        && (addresses.Any(IsAny)
            || (IPAddress.TryParse(host, out var literal) ? addresses.Contains(literal)
                : host == "localhost" && addresses.Any(IPAddress.IsLoopback)));

    private static IReadOnlyList<IPAddress> Addresses(EndpointOptions endpoint) => ListenAddress.Parse(endpoint.Url, out _, out _)?.Addresses ?? [];

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
