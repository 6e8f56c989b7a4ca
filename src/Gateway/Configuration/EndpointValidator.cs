namespace Gateway.Configuration;

/// <summary>Reads <c>Kestrel:Endpoints</c>: addresses that Kestrel would refuse or misunderstand, and ports used twice, are errors.</summary>
internal sealed class EndpointValidator(ConfigurationErrors errors)
{
    private static readonly string[] HttpsOnly = ["Certificate", "Sni", "SslProtocols", "ClientCertificateMode"];

    private readonly List<(string Name, ConfigurationNode Url, ListenAddress Address)> _listening = [];
    private readonly List<EndpointOptions> _endpoints = [];
    private readonly List<CertificateFileOptions> _certificates = [];

    public IReadOnlyList<EndpointOptions> Endpoints => _endpoints;

    /// <summary>Certificate files of single endpoints and of their server names.</summary>
    public IReadOnlyList<CertificateFileOptions> Certificates => _certificates;

    public void Validate(ConfigurationNode root)
    {
        foreach (var endpoint in root.Find("Kestrel:Endpoints")?.Children ?? [])
        {
            if (endpoint.Child("Url") is { Value: not null } url)
            {
                ValidateUrl(endpoint, url);
            }

            ValidateCertificate(endpoint.Child("Certificate"));
            foreach (var name in endpoint.Child("Sni")?.Children ?? [])
            {
                ValidateCertificate(name.Child("Certificate"));
            }
        }
    }

    private void ValidateUrl(ConfigurationNode endpoint, ConfigurationNode url)
    {
        if (ListenAddress.Parse(url.Value!, out var rule, out var remedy) is not { } address)
        {
            errors.Add(url, QuotedValue.Of(url), rule, remedy);
            return;
        }

        var hasOwnCertificate = HasContent(endpoint.Child("Certificate")) || HasContent(endpoint.Child("Sni"));
        _endpoints.Add(new EndpointOptions(endpoint.Key, url.Value!, address.IsHttps, address.Port, url.Location.ToString(), hasOwnCertificate));
        if (_listening.Find(other => other.Address.Overlaps(address)) is { Url: not null } taken)
        {
            var what = address.Socket is null ? $"port {address.Port}" : "this socket";
            errors.Add(url, QuotedValue.Of(url), $"{what} is used by endpoint '{taken.Name}' as well, in {taken.Url.Location}", "give one of the two another port or address");
        }

        _listening.Add((endpoint.Key, url, address));
        if (!address.IsHttps)
        {
            foreach (var key in HttpsOnly.Select(endpoint.Child).Where(HasContent))
            {
                errors.Add(key!, null, "is for https endpoints only", $"remove it, or write https:// in {endpoint.Path}:Url");
            }
        }
    }

    private void ValidateCertificate(ConfigurationNode? certificate)
    {
        if (!HasContent(certificate))
        {
            return;
        }

        var path = certificate!.Child("Path");
        var subject = certificate.Child("Subject");
        if (path is not null && subject is not null)
        {
            errors.Add(certificate, null, "has both Path (a file) and Subject (the certificate store)", "keep one of the two");
        }
        else if (path is not null)
        {
            _certificates.Add(CertificateOptionsReader.Of(certificate, path));
        }
        else if (subject is null && !errors.IsSpokenAbout(certificate.PathOf("Subject")))
        {
            errors.AddMissing(certificate, "Path", "add it, or Subject for a certificate from the certificate store");
        }
    }

    private static bool HasContent(ConfigurationNode? node) => node is { IsPresent: true } && (node.Value is not null || node.Children.Count > 0);
}
