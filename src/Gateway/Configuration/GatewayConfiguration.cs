using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>Everything that the operator wrote, parsed once: the file with the environment laid over it.</summary>
internal sealed record GatewayConfiguration
{
    /// <summary>The file that was read, as it was named.</summary>
    public string FilePath { get; init; } = "";

    /// <summary>The merged tree in memory, for the libraries that bind their own sections (Kestrel, YARP, Serilog). Without what is in error.</summary>
    public IConfigurationRoot Root { get; init; } = new ConfigurationBuilder().Build();

    public GatewayOptions Gateway { get; init; } = new();

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<EndpointOptions> Endpoints { get; init; } = [];

    /// <summary>YARP's own records, bound by YARP's own provider.</summary>
    public IReadOnlyList<RouteConfig> Routes { get; init; } = [];

    /// <summary>YARP's own records, bound by YARP's own provider.</summary>
    public IReadOnlyList<ClusterConfig> Clusters { get; init; } = [];

    /// <summary>Names that are served; empty, or <c>*</c> among them, means all.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>False when <c>ENABLE_SSL=false</c>: https endpoints serve plain HTTP.</summary>
    public bool SslEnabled { get; init; } = true;

    /// <summary><c>Gateway:Certificates</c>, then <c>SSL_CERT_PATH</c>, then <c>Kestrel:Certificates:Default</c>.</summary>
    public IReadOnlyList<CertificateFileOptions> Certificates { get; init; } = [];

    /// <summary>Files that Kestrel serves by itself: <c>Kestrel:Endpoints:X:Certificate</c> and <c>:Sni:Y:Certificate</c>.</summary>
    public IReadOnlyList<CertificateFileOptions> EndpointCertificates { get; init; } = [];

    /// <summary>Automatic certificates; null when they are off.</summary>
    public AcmeOptions? Acme { get; init; }

    /// <summary>The tree that all of this was read from, with places.</summary>
    public ConfigurationNode Tree { get; init; } = ConfigurationNode.EmptyRoot("");

    /// <summary>The port that plain HTTP is redirected to: the first https endpoint's; null when nothing is redirected.</summary>
    public int? RedirectPort
    {
        get
        {
            for (var i = 0; Gateway.HttpsRedirect && i < Endpoints.Count; i++)
            {
                if (Endpoints[i].IsHttps)
                {
                    return Endpoints[i].Port;
                }
            }

            return null;
        }
    }

    /// <summary>Where a configuration path is written, or its nearest ancestor that is: <c>gateway.json(14,7)</c>, or
    /// <c>environment variable GATEWAY_X__Y</c>; the file when nothing of it is written.</summary>
    public string Locate(string path) => Tree.Nearest(path).Location.ToString();
}
