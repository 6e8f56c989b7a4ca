using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Hosting;

/// <summary>A gateway that listens: the host with its certificates, as <c>run</c> and <c>dev</c> both need it.</summary>
internal sealed class StartedGateway : IAsyncDisposable
{
    private readonly GatewayConfiguration _configuration;
    private readonly ServedCertificates _certificates;

    private StartedGateway(WebApplication app, GatewayConfiguration configuration, ServedCertificates certificates) =>
        (App, _configuration, _certificates) = (app, configuration, certificates);

    public WebApplication App { get; }

    public string OpenAddress => EndpointLine.OpenAddress(_configuration, _certificates.Table);

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
