namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:Admin</c>.</summary>
internal static class AdminReader
{
    /// <returns>Null where nothing is written.</returns>
    public static AdminOptions? Read(ConfigurationNode root, ConfigurationErrors errors)
    {
        if (root.Find("Gateway:Admin") is not { Value: { } text } node)
        {
            return null;
        }

        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            return new AdminOptions(null, node.Location.ToString());
        }

        if (AdminAddress.Parse(text, out var rule, out var remedy) is not { } address)
        {
            errors.Add(node, QuotedValue.Of(node), rule, remedy);
            return null;
        }

        if (EndpointAt(address, root) is { } endpoint)
        {
            errors.Add(node, QuotedValue.Of(node), $"endpoint '{endpoint.Key}' has it already, in {endpoint.Location}", "give one of the two another port");
        }

        return new AdminOptions(address, node.Location.ToString());
    }

    private static ConfigurationNode? EndpointAt(AdminAddress address, ConfigurationNode root)
    {
        var own = address.Tcp is { } tcp ? new ListenAddress(false, tcp.Port, [tcp.Address], null) : new ListenAddress(false, 0, [], address.Socket);
        return root.Find("Kestrel:Endpoints")?.Children.FirstOrDefault(endpoint =>
            endpoint.Child("Url") is { Value: { } url } && ListenAddress.Parse(url, out _, out _) is { } taken && taken.Overlaps(own));
    }
}
