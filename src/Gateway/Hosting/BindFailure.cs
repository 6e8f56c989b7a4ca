using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Hosting;

/// <summary>Why an address could not be listened on, and the ways out.</summary>
internal static class BindFailure
{
    /// <summary>One line for each endpoint that cannot be had; empty when the exception is about something else.</summary>
    public static IReadOnlyList<string> Explain(Exception exception, IReadOnlyList<EndpointOptions> endpoints, HostPlatform platform)
    {
        if (FindSocketException(exception) is not { } cause)
        {
            return [];
        }

        // Kestrel stops at the first endpoint that fails; the operator wants to hear of all.
        var explanations = Foresee(endpoints, platform);
        return explanations.Count > 0 ? explanations : [$"Cannot listen: {cause.Message}"];
    }

    /// <summary>One line for each endpoint that could not be opened now.</summary>
    public static IReadOnlyList<string> Foresee(IReadOnlyList<EndpointOptions> endpoints, HostPlatform platform) =>
        [.. endpoints.Where(e => e.Port > 0).DistinctBy(e => e.Port).Select(e => Explain(e, platform)).OfType<string>()];

    private static string? Explain(EndpointOptions endpoint, HostPlatform platform)
    {
        if (!platform.MayBind(endpoint.Port))
        {
            return $"""
                {endpoint.Location}: cannot listen on {endpoint.Url}: user '{Environment.UserName}' may not use ports below 1024. Three ways out:
                  - run it as the systemd unit, which grants just this right: deploy/README.md
                  - grant it to the program: sudo setcap cap_net_bind_service=+ep {Environment.ProcessPath}
                  - use other ports in Kestrel:Endpoints, such as https://*:8443 and http://*:8080
                """;
        }

        if (!IsTaken(endpoint.Port))
        {
            return null;
        }

        var owner = platform.FindPortOwner(endpoint.Port);
        var by = owner is null ? "another process" : owner.ToString();
        return $"{endpoint.Location}: cannot listen on {endpoint.Url}: port {endpoint.Port} is in use by {by}. Stop it, or choose another port.";
    }

    private static bool IsTaken(int port) =>
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port);

    private static SocketException? FindSocketException(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return socket;
            }

            // Kestrel wraps "address in use" in its own exception and keeps the cause.
            if (e is AggregateException { InnerExceptions: var inner })
            {
                return inner.Select(FindSocketException).FirstOrDefault(s => s is not null);
            }
        }

        return null;
    }
}
