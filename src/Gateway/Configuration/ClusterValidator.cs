namespace Gateway.Configuration;

/// <summary>Checks the addresses of the services.</summary>
internal static class ClusterValidator
{
    public static void Validate(ConfigurationNode root, ConfigurationErrors errors)
    {
        foreach (var cluster in root.Find("ReverseProxy:Clusters")?.Children ?? [])
        {
            foreach (var destination in cluster.Child("Destinations")?.Children ?? [])
            {
                ValidateUrl(destination.Child("Address"), errors);
                ValidateUrl(destination.Child("Health"), errors);
            }
        }
    }

    private static void ValidateUrl(ConfigurationNode? node, ConfigurationErrors errors)
    {
        if (node?.Value is not { } text)
        {
            return;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            errors.Add(node, QuotedValue.Of(text), "must be an absolute http or https URL", Remedy(text));
        }
        else if (url.UserInfo.Length > 0)
        {
            errors.Add(node, QuotedValue.Of(text), "must not hold a user name or password", "send credentials with a RequestHeader transform");
        }
        else if (url.Query.Length > 0 || url.Fragment.Length > 0 || text.EndsWith('?') || text.EndsWith('#'))
        {
            errors.Add(node, QuotedValue.Of(text), "must not hold a query or fragment", "the client's own query is sent; add to it with a QueryValueParameter transform");
        }
    }

    private static string? Remedy(string text)
    {
        var separator = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = separator < 0 ? "" : text[..separator].ToLowerInvariant();
        return scheme switch
        {
            "" when Uri.TryCreate("http://" + text, UriKind.Absolute, out _) => $"did you mean '{QuotedValue.Of("http://" + text)}'?",
            "ws" => $"write http:{text[3..]}; WebSockets go over the same address",
            "wss" => $"write https:{text[4..]}; WebSockets go over the same address",
            _ => "for example http://127.0.0.1:3000",
        };
    }
}
