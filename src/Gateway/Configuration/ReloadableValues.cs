namespace Gateway.Configuration;

/// <summary>A configuration whose values can be replaced whole, for the libraries that watch their own sections: Kestrel its
/// endpoints, Serilog its levels.</summary>
internal sealed class ReloadableValues : ConfigurationProvider, IConfigurationSource
{
    public ReloadableValues(IConfiguration initial) => Data = Values(initial);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Replaces all values and tells who watches.</summary>
    public void Replace(IConfiguration next)
    {
        Data = Values(next);
        OnReload();
    }

    private static Dictionary<string, string?> Values(IConfiguration configuration) =>
        new(configuration.AsEnumerable().Where(v => v.Value is not null), StringComparer.OrdinalIgnoreCase);
}
