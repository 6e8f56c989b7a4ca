using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Phone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Hosting;

/// <summary>The real pipeline in memory: no socket between the test and the gateway, so that a test can say which address a client has.</summary>
internal sealed class GatewayFactory(GatewayConfiguration configuration, HostMode mode = HostMode.Run) : WebApplicationFactory<Program>
{
    public IPAddress Peer { get; init; } = IPAddress.Parse("192.0.2.10");

    public PhoneSetup? Phone { get; init; }

    public LogLines Log { get; } = new();

    protected override IHostBuilder CreateHostBuilder() => new HostBuilder();

    protected override IHost CreateHost(IHostBuilder builder)
    {
        var app = GatewayHost.Build(configuration, mode, TestConfiguration.Certificates(new ServedCertificates(TimeProvider.System)), phone: Phone, customize: gateway =>
        {
            gateway.WebHost.UseTestServer();
            gateway.Services.AddSingleton<IStartupFilter>(new PeerAddress(Peer));
            Log.Capture(gateway.Services);
        });
        app.Start();
        return app;
    }

    private sealed class PeerAddress(IPAddress address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Connection.RemoteIpAddress = address;
                return rest(context);
            });
            next(app);
        };
    }
}
