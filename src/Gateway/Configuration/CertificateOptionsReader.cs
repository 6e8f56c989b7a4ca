namespace Gateway.Configuration;

/// <summary>Gathers the certificate files that the gateway serves, in order of preference.</summary>
internal static class CertificateOptionsReader
{
    public static IReadOnlyList<CertificateFileOptions> Read(ConfigurationNode root, IReadOnlyDictionary<string, string> environment)
    {
        var certificates = new List<CertificateFileOptions>();
        foreach (var entry in root.Find("Gateway:Certificates")?.Children ?? [])
        {
            if (entry.Child("Path") is { } path)
            {
                certificates.Add(Of(entry, path));
            }
        }

        if (EnvironmentValidator.Text(environment, EnvironmentValidator.CertificatePath) is { } variable)
        {
            var location = SourceLocation.OfVariable(EnvironmentValidator.CertificatePath).ToString();
            var keyPath = EnvironmentValidator.Text(environment, EnvironmentValidator.KeyPath);
            certificates.Add(new CertificateFileOptions(variable, keyPath, null, location, EnvironmentValidator.CertificatePath));
        }

        if (root.Find("Kestrel:Certificates:Default") is { } fallback && fallback.Child("Path") is { } fallbackPath)
        {
            certificates.Add(Of(fallback, fallbackPath));
        }

        return certificates;
    }

    public static CertificateFileOptions Of(ConfigurationNode certificate, ConfigurationNode path) => new(
        path.Value!, certificate.Child("KeyPath")?.Value, certificate.Child("Password")?.Value, path.Location.ToString(), certificate.Path);
}
