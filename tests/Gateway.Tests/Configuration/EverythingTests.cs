using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Gateway.Configuration;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>Everything.json uses each key there is.</summary>
public sealed class EverythingTests
{
    internal static string Text([CallerFilePath] string thisFile = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "Everything.json"));

    [Fact]
    public void AFileWithEveryKeyIsValid() => Assert.Empty(ConfigurationText.Errors(Text()));

    [Fact]
    public void EveryKeyOfTheSchemaIsInIt()
    {
        var tree = JsonTree.Read(System.Text.Encoding.UTF8.GetBytes(Text()), "", new ConfigurationErrors())!;
        Assert.Empty(Missing([tree], Schema.Root, "").Except(["$schema"]));
    }

    private static IEnumerable<string> Missing(IReadOnlyList<ConfigurationNode> nodes, Schema schema, string path)
    {
        foreach (var (key, property) in schema.Properties.Where(p => !p.Value.IsForbidden))
        {
            // OutputCachePolicy has no value that is valid without code.
            var found = nodes.Select(node => node.Child(key)!).Where(child => child is not null).ToList();
            var here = path.Length == 0 ? key : path + ":" + key;
            foreach (var missing in found.Count == 0 && key != "OutputCachePolicy" ? [here] : Missing(found, property, here))
            {
                yield return missing;
            }
        }

        var children = nodes.SelectMany(node => node.Children).ToList();
        foreach (var inner in new[] { schema.Items, schema.Properties.Count == 0 ? schema.Additional : null }.OfType<Schema>())
        {
            foreach (var missing in Missing(children, inner, path + ":*"))
            {
                yield return missing;
            }
        }

        foreach (var kind in schema.AnyOf)
        {
            var ofKind = nodes.Where(node => kind.Required.Count == 0 ? node.IsContainer : node.Child(kind.Required[0]) is not null).ToList();
            foreach (var missing in Missing(ofKind, kind, path).Where(m => !m.EndsWith(":Set", StringComparison.Ordinal) && !m.EndsWith(":Append", StringComparison.Ordinal)))
            {
                yield return missing;
            }
        }
    }

    [Fact]
    public void AllOfARouteArrivesAtYarp()
    {
        var route = ConfigurationText.Read(Text()).Configuration.Routes.Single(r => r.RouteId == "everything");
        Assert.Equal(
            new RouteConfig
            {
                RouteId = "everything",
                ClusterId = "everything",
                Order = -5,
                MaxRequestBodySize = -1,
                AuthorizationPolicy = "Anonymous",
                CorsPolicy = "Disable",
                RateLimiterPolicy = "Disable",
                Timeout = TimeSpan.FromSeconds(30),
                Metadata = new Dictionary<string, string> { ["WebSockets"] = "true", ["EncodedSlashes"] = "True", ["Number"] = "5" },
                Match = new RouteMatch
                {
                    Path = "/a/{id:int}/{**rest}",
                    Hosts = ["a.com", "*.b.com:8443"],
                    Methods = ["GET", "POST"],
                    Headers = [new RouteHeader { Name = "h", Values = ["1", "2"], Mode = HeaderMatchMode.HeaderPrefix, IsCaseSensitive = true }],
                    QueryParameters = [new RouteQueryParameter { Name = "q", Values = ["3"], Mode = QueryParameterMatchMode.Contains, IsCaseSensitive = true }],
                },
                Transforms = route.Transforms,
            },
            route);
        Assert.Equal(25, route.Transforms!.Count);
        Assert.Equal("IpAndPort", route.Transforms.Single(t => t.ContainsKey("Forwarded"))["ForFormat"]);
    }

    [Fact]
    public void AllOfAClusterArrivesAtYarp()
    {
        var cluster = Assert.Single(ConfigurationText.Read(Text()).Configuration.Clusters);
        Assert.Equal(
            new ClusterConfig
            {
                ClusterId = "everything",
                LoadBalancingPolicy = "LeastRequests",
                Destinations = new Dictionary<string, DestinationConfig>
                {
                    ["one"] = new() { Address = "http://127.0.0.1:1", Health = "http://127.0.0.1:2", Host = "x.com", Metadata = new Dictionary<string, string> { ["a"] = "b" } },
                    ["two"] = new() { Address = "https://127.0.0.1:3/base" },
                },
                SessionAffinity = new SessionAffinityConfig
                {
                    Enabled = true,
                    Policy = "Cookie",
                    FailurePolicy = "Return503Error",
                    AffinityKeyName = "k",
                    Cookie = new SessionAffinityCookieConfig
                    {
                        Path = "/p",
                        Domain = "d.com",
                        HttpOnly = false,
                        SecurePolicy = CookieSecurePolicy.Always,
                        SameSite = SameSiteMode.Strict,
                        Expiration = TimeSpan.FromDays(1),
                        MaxAge = TimeSpan.FromDays(2),
                        IsEssential = true,
                    },
                },
                HealthCheck = new HealthCheckConfig
                {
                    Active = new ActiveHealthCheckConfig
                    {
                        Enabled = true,
                        Interval = TimeSpan.FromSeconds(5),
                        Timeout = TimeSpan.FromSeconds(6),
                        Policy = "ConsecutiveFailures",
                        Path = "/healthz",
                        Query = "?q",
                    },
                    Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = "TransportFailureRate", ReactivationPeriod = TimeSpan.FromSeconds(7) },
                    AvailableDestinationsPolicy = "HealthyAndUnknown",
                },
                HttpClient = new HttpClientConfig
                {
                    SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    DangerousAcceptAnyServerCertificate = true,
                    MaxConnectionsPerServer = 9,
                    EnableMultipleHttp2Connections = false,
                    RequestHeaderEncoding = "utf-8",
                    ResponseHeaderEncoding = "iso-8859-1",
                    WebProxy = new WebProxyConfig { Address = new Uri("http://proxy:3128"), BypassOnLocal = true, UseDefaultCredentials = true },
                },
                HttpRequest = new Yarp.ReverseProxy.Forwarder.ForwarderRequestConfig
                {
                    ActivityTimeout = TimeSpan.FromMinutes(2),
                    Version = new Version(2, 0),
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    AllowResponseBuffering = true,
                },
                Metadata = new Dictionary<string, string> { ["TransportFailureRateHealthPolicy.RateLimit"] = "0.5" },
            },
            cluster);
    }
}
