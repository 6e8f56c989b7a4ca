using System.Globalization;

namespace Gateway.Import;

/// <summary>A route: to a cluster, or with an answer of its own.</summary>
internal sealed class ImportedRoute
{
    public required string Name { get; set; }

    public required string Path { get; set; }

    public IReadOnlyList<string> Hosts { get; set; } = [];

    public IReadOnlyList<string> Methods { get; set; } = [];

    public int Order { get; set; }

    public string? Cluster { get; set; }

    public string? Redirect { get; set; }

    public int? Status { get; set; }

    public string? Text { get; set; }

    public bool WebSockets { get; set; }

    public string? Policy { get; set; }

    public long? MaxRequestBodySize { get; set; }

    public List<JsonText> Transforms { get; init; } = [];

    public string? Comment { get; set; }

    public JsonText Json()
    {
        var json = new JsonText();
        if (Cluster is not null)
        {
            json.Add("ClusterId", Cluster);
        }

        var match = new JsonText().Add("Path", Path);
        if (Hosts.Count > 0)
        {
            match.Add("Hosts", new List<object>(Hosts));
        }

        if (Methods.Count > 0)
        {
            match.Add("Methods", new List<object>(Methods));
        }

        json.Add("Match", match);
        if (Order != 0)
        {
            json.Add("Order", Order);
        }

        if (Policy is not null)
        {
            json.Add("AuthorizationPolicy", Policy);
        }

        if (MaxRequestBodySize is { } size)
        {
            json.Add("MaxRequestBodySize", size);
        }

        var metadata = new JsonText();
        if (WebSockets)
        {
            metadata.Add("WebSockets", "true");
        }

        if (Status is { } status)
        {
            metadata.Add("Status", status.ToString(CultureInfo.InvariantCulture));
        }

        if (Redirect is not null)
        {
            metadata.Add("Redirect", Redirect);
        }

        if (Text is not null)
        {
            metadata.Add("Text", Text);
        }

        json.AddUnlessEmpty("Metadata", metadata);
        if (Transforms.Count > 0)
        {
            json.Add("Transforms", new List<object>(Transforms));
        }

        return json;
    }
}
