using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.EndToEnd.Harness;

/// <summary>A gateway.json in the making, on free ports of the loopback.</summary>
internal sealed class GatewayJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The whole file; for what the members below do not cover.</summary>
    public JsonObject Root { get; } = [];

    public int? HttpsPort { get; private set; }

    public int? HttpPort { get; private set; }

    public GatewayJson Https(int? port = null)
    {
        HttpsPort = port ?? Ports.Free();
        Set("Kestrel:Endpoints:https:Url", $"https://localhost:{HttpsPort}");
        return this;
    }

    public GatewayJson Http(int? port = null)
    {
        HttpPort = port ?? Ports.Free();
        Set("Kestrel:Endpoints:http:Url", $"http://localhost:{HttpPort}");
        return this;
    }

    /// <summary>A route, WebSockets allowed, with a cluster of one destination.</summary>
    /// <param name="name">Of both.</param>
    /// <param name="path">A pattern such as <c>/api/{**rest}</c>.</param>
    /// <param name="destination">An absolute URL.</param>
    public GatewayJson Route(string name, string path, string destination)
    {
        Set($"ReverseProxy:Routes:{name}:ClusterId", name);
        Set($"ReverseProxy:Routes:{name}:Match:Path", path);
        Set($"ReverseProxy:Routes:{name}:Metadata:WebSockets", "true");
        Set($"ReverseProxy:Clusters:{name}:Destinations:one:Address", destination);
        return this;
    }

    /// <summary>Everything to one service.</summary>
    public GatewayJson To(string destination) => Route("service", "/{**rest}", destination);

    /// <summary>Sets one value by its path, such as <c>Gateway:Limits:MaxRequestBodySize</c>.</summary>
    public GatewayJson Set(string path, JsonNode? value)
    {
        var node = Root;
        var names = path.Split(':');
        foreach (var name in names[..^1])
        {
            node = (JsonObject)(node[name] ??= new JsonObject());
        }

        node[names[^1]] = value;
        return this;
    }

    public override string ToString() => Root.ToJsonString(Indented);
}
