using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.EndToEnd.Acme;

/// <summary>Shows answers to http-01 and tls-alpn-01 challenges on two ports, as a web server under validation does.</summary>
internal sealed class ChallengeHost : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly ConcurrentDictionary<string, string> _http = new();
    private readonly ConcurrentDictionary<string, X509Certificate2> _tls = new();

    private ChallengeHost()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificate = _tls[handshake.ClientHelloInfo.ServerName],
                    ApplicationProtocols = [new SslApplicationProtocol(TlsAlpnCertificate.Protocol)],
                }),
            }));
        });
        _host = builder.Build();
        _host.Run(context =>
        {
            if (!_http.TryGetValue(context.Request.Path, out var answer))
            {
                context.Response.StatusCode = 404;
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync(answer);
        });
    }

    public int HttpPort { get; private set; }
    public int TlsPort { get; private set; }

    /// <summary>True when every answer was taken back.</summary>
    public bool IsEmpty => _http.IsEmpty && _tls.IsEmpty;

    public ChallengeResponder Responder => new(
        (answer, _) =>
        {
            if (answer.Type == AcmeChallenge.Http01)
            {
                _http[answer.HttpPath] = answer.KeyAuthorization;
            }
            else
            {
                _tls[answer.Identifier.ServerName] = answer.CreateTlsAlpnCertificate(TimeProvider.System);
            }

            return Task.CompletedTask;
        },
        (answer, _) =>
        {
            _http.TryRemove(answer.HttpPath, out var _);
            _tls.TryRemove(answer.Identifier.ServerName, out var _);
            return Task.CompletedTask;
        });

    public static async Task<ChallengeHost> StartAsync()
    {
        var host = new ChallengeHost();
        await host._host.StartAsync();
        var addresses = host._host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        host.HttpPort = new Uri(addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal))).Port;
        host.TlsPort = new Uri(addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal))).Port;
        return host;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
