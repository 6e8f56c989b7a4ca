namespace Gateway.Import;

/// <summary>A gateway.json in the making.</summary>
internal sealed class ImportedConfiguration
{
    /// <summary>What stands above everything.</summary>
    public string Title { get; set; } = "";

    public List<ImportedEndpoint> Endpoints { get; } = [];

    /// <summary>Names that are served; empty for all.</summary>
    public List<string> AllowedHosts { get; } = [];

    public List<ImportedCertificate> Certificates { get; } = [];

    /// <summary>Other keys of the section <c>Gateway</c>: name, value, comment.</summary>
    public List<(string Key, object Value, string? Comment)> Settings { get; } = [];

    public List<ImportedRoute> Routes { get; } = [];

    public List<ImportedCluster> Clusters { get; } = [];

    /// <summary>Policies of <c>Gateway:Access</c>.</summary>
    public List<(string Name, JsonText Policy, string? Comment)> Access { get; } = [];

    public override string ToString()
    {
        var root = new JsonText();
        if (Title.Length > 0)
        {
            root.Remark(Title);
        }

        var endpoints = new JsonText();
        foreach (var endpoint in Endpoints)
        {
            var json = new JsonText().Add("Url", endpoint.Url);
            if (endpoint.SslProtocols.Count > 0)
            {
                json.Add("SslProtocols", new List<object>(endpoint.SslProtocols));
            }

            endpoints.Add(endpoint.Name, json, behind: endpoint.Comment);
        }

        root.Add("Kestrel", new JsonText().Add("Endpoints", endpoints));
        if (AllowedHosts.Count > 0)
        {
            root.Add("AllowedHosts", AllowedHosts.Count > 3 ? new List<object>(AllowedHosts) : string.Join(';', AllowedHosts), "Other names get 421.");
        }

        root.AddUnlessEmpty("Gateway", Gateway());
        root.AddUnlessEmpty("ReverseProxy", ReverseProxy());
        return root.ToString();
    }

    private JsonText Gateway()
    {
        var section = new JsonText();
        if (Certificates.Count > 0)
        {
            section.Add("Certificates", new List<object>(Certificates.Select(c => new JsonText().Add("Path", c.Path).Add("KeyPath", c.KeyPath))),
                string.Join('\n', Certificates.Select(c => c.Comment).OfType<string>().Distinct()));
        }

        foreach (var (key, value, comment) in Settings)
        {
            section.Add(key, value, comment);
        }

        var access = new JsonText();
        foreach (var (name, policy, comment) in Access)
        {
            access.Add(name, policy, comment);
        }

        return section.AddUnlessEmpty("Access", access);
    }

    private JsonText ReverseProxy()
    {
        var (routes, clusters) = (new JsonText(), new JsonText());
        foreach (var route in Routes)
        {
            routes.Add(route.Name, route.Json(), route.Comment);
        }

        foreach (var cluster in Clusters)
        {
            clusters.Add(cluster.Name, cluster.Json(), cluster.Comment);
        }

        return new JsonText().AddUnlessEmpty("Routes", routes).AddUnlessEmpty("Clusters", clusters);
    }
}

internal sealed record ImportedCertificate(string Path, string KeyPath, string? Comment);
