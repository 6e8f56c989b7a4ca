namespace Bench.Proxies;

/// <summary>Where one proxy runs: its folder, its port, and the certificate and the service that all share.</summary>
internal sealed record Site(string Folder, int Port, int ServicePort, Credentials Credentials)
{
    /// <summary>Writes a file of the proxy's.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
