namespace Gateway.Import;

/// <summary>A service.</summary>
internal sealed class ImportedCluster
{
    public required string Name { get; set; }

    public required IReadOnlyList<(string Name, string Address)> Destinations { get; init; }

    public string? LoadBalancing { get; init; }

    /// <summary>Name of the cookie that keeps a client at its destination; null for none.</summary>
    public string? AffinityCookie { get; set; }

    /// <summary>How long a destination that fails is left out; null for never.</summary>
    public TimeSpan? Rest { get; init; }

    public TimeSpan? ActivityTimeout { get; init; }

    public string? Version { get; init; }

    public bool AcceptsAnyCertificate { get; init; }

    public IReadOnlyList<string> SslProtocols { get; init; } = [];

    public string? Comment { get; init; }

    public JsonText Json()
    {
        var destinations = new JsonText();
        foreach (var (name, address) in Destinations)
        {
            destinations.Add(name, new JsonText().Add("Address", address));
        }

        var json = new JsonText().Add("Destinations", destinations);
        if (LoadBalancing is not null)
        {
            json.Add("LoadBalancingPolicy", LoadBalancing);
        }

        if (AffinityCookie is not null)
        {
            json.Add("SessionAffinity", new JsonText().Add("Enabled", true).Add("Policy", "HashCookie").Add("AffinityKeyName", AffinityCookie));
        }

        if (Rest is { } rest)
        {
            json.Add("HealthCheck", new JsonText().Add("Passive", new JsonText().Add("Enabled", true).Add("ReactivationPeriod", rest.ToString("c"))));
        }

        var client = new JsonText();
        if (AcceptsAnyCertificate)
        {
            client.Add("DangerousAcceptAnyServerCertificate", true);
        }

        if (SslProtocols.Count > 0)
        {
            client.Add("SslProtocols", new List<object>(SslProtocols));
        }

        json.AddUnlessEmpty("HttpClient", client);
        var request = new JsonText();
        if (Version is not null)
        {
            request.Add("Version", Version).Add("VersionPolicy", "RequestVersionExact");
        }

        if (ActivityTimeout is { } timeout)
        {
            request.Add("ActivityTimeout", timeout.ToString("c"));
        }

        return json.AddUnlessEmpty("HttpRequest", request);
    }
}
