using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>Endpoints other than those in the file: the ones of <c>gateway dev</c>, and plain HTTP under <c>ENABLE_SSL=false</c>.</summary>
internal static class EndpointOverrides
{
    public const int DevHttpsPort = 5443;
    public const int DevSecondHttpsPort = 5444;
    public const int DevHttpPort = 5080;

    private const string Endpoints = "Kestrel:Endpoints";

    // What Kestrel accepts on an https endpoint only.
    private static readonly string[] HttpsOnly = [":Certificate", ":Sni", ":SslProtocols", ":ClientCertificateMode"];

    /// <summary>HTTPS 5443 and 5444 and HTTP 5080 whatever the file names, under any host name, and no ACME.</summary>
    /// <param name="configuration">As read.</param>
    /// <param name="allAddresses">Listen on every address instead of the loopback ones.</param>
    public static GatewayConfiguration ForDevelopment(GatewayConfiguration configuration, bool allAddresses)
    {
        // Kestrel binds "localhost" on 127.0.0.1 and ::1.
        var host = allAddresses ? "*" : "localhost";
        EndpointOptions[] endpoints =
        [
            Endpoint("https", $"https://{host}:{DevHttpsPort}", DevHttpsPort),
            Endpoint("https-websocket", $"https://{host}:{DevSecondHttpsPort}", DevSecondHttpsPort),
            Endpoint("http", $"http://{host}:{DevHttpPort}", DevHttpPort),
        ];
        var values = Values(configuration).Where(v => !IsUnder(v.Key, "Kestrel") && !IsUnder(v.Key, "LettuceEncrypt"))
            .Concat(endpoints.Select(e => KeyValuePair.Create($"{Endpoints}:{e.Name}:Url", (string?)e.Url)));
        return Apply(configuration, endpoints, values) with
        {
            AllowedHosts = [],
            Acme = null,
            Certificates = [.. configuration.Certificates.Where(c => c.ConfigurationPath == "SSL_CERT_PATH")],
        };
    }

    /// <summary>The same endpoints without TLS, and so without a use for certificates.</summary>
    public static GatewayConfiguration ForPlainHttp(GatewayConfiguration configuration)
    {
        var endpoints = configuration.Endpoints
            .Select(e => e.IsHttps ? e with { Url = PlainUrl(e.Url), IsHttps = false, HasOwnCertificate = false } : e)
            .ToArray();
        var values = Values(configuration)
            .Where(v => !HttpsOnly.Any(suffix => v.Key.Contains(suffix, StringComparison.OrdinalIgnoreCase) && IsUnder(v.Key, "Kestrel")))
            .Where(v => !endpoints.Any(e => v.Key.Equals($"{Endpoints}:{e.Name}:Url", StringComparison.OrdinalIgnoreCase)))
            .Concat(endpoints.Select(e => KeyValuePair.Create($"{Endpoints}:{e.Name}:Url", (string?)e.Url)));
        return Apply(configuration, endpoints, values) with { Acme = null };
    }

    private static GatewayConfiguration Apply(
        GatewayConfiguration configuration, EndpointOptions[] endpoints, IEnumerable<KeyValuePair<string, string?>> values) =>
        configuration with { Endpoints = endpoints, Root = new ConfigurationBuilder().AddInMemoryCollection(values).Build() };

    private static EndpointOptions Endpoint(string name, string url, int port) =>
        new(name, url, url.StartsWith("https:", StringComparison.Ordinal), port, "gateway dev", HasOwnCertificate: false);

    private static string PlainUrl(string url) => string.Concat("http", url.AsSpan("https".Length));

    private static IEnumerable<KeyValuePair<string, string?>> Values(GatewayConfiguration configuration) =>
        configuration.Root.AsEnumerable().Where(v => v.Value is not null);

    private static bool IsUnder(string key, string section) =>
        key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase);
}
