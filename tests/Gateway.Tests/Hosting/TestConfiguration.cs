using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Microsoft.Extensions.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Hosting;

/// <summary>Configurations for tests that are not about reading them.</summary>
internal static class TestConfiguration
{
    /// <summary>One route, everything, to one service; no endpoints.</summary>
    public static GatewayConfiguration ForService(string address) => new()
    {
        FilePath = "gateway.json",
        Routes =
        [
            new RouteConfig
            {
                RouteId = "all",
                ClusterId = "service",
                Match = new RouteMatch { Path = "/{**rest}" },
                Metadata = new Dictionary<string, string> { ["WebSockets"] = "true" },
            },
        ],
        Clusters =
        [
            new ClusterConfig
            {
                ClusterId = "service",
                Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = address } },
            },
        ],
    };

    /// <summary>Only what is in the table already.</summary>
    public static CertificateSources Certificates(ServedCertificates served) => new(served, [], null, () => LocalNames.ForLoopback);

    /// <summary>The endpoint asks clients for a certificate, which is a matter of Kestrel's own TLS: also on Linux, therefore, that one is tested.</summary>
    public static GatewayConfiguration WithSslStream(this GatewayConfiguration configuration, string endpoint)
    {
        var values = configuration.Root.AsEnumerable().Append(KeyValuePair.Create($"Kestrel:Endpoints:{endpoint}:ClientCertificateMode", (string?)"AllowCertificate"));
        return configuration with { Root = new ConfigurationBuilder().AddInMemoryCollection(values).Build() };
    }

    public static GatewayConfiguration WithEndpoint(this GatewayConfiguration configuration, string name, string url)
    {
        var port = new Uri(url.Replace("*", "localhost", StringComparison.Ordinal)).Port;
        var endpoint = new EndpointOptions(name, url, url.StartsWith("https:", StringComparison.Ordinal), port, "test", HasOwnCertificate: false);
        var values = configuration.Root.AsEnumerable().Append(KeyValuePair.Create($"Kestrel:Endpoints:{name}:Url", (string?)url));
        return configuration with
        {
            Endpoints = [.. configuration.Endpoints, endpoint],
            Root = new ConfigurationBuilder().AddInMemoryCollection(values).Build(),
        };
    }
}
