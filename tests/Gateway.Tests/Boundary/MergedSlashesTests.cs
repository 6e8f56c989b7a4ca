using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Boundary;

/// <summary>A guarded route and one for everything else lead to the same service, which may take two slashes for one.</summary>
public sealed class MergedSlashesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/admin/users")]
    [InlineData("//admin/users")]
    [InlineData("/admin//users")]
    [InlineData("///admin")]
    [InlineData("/x/..//admin/users")]
    [InlineData("//%61dmin/users")]
    public async Task TwoSlashesDoNotLeadPastAGuard(string path)
    {
        var (status, received) = await AskAsync(path);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Null(received);
    }

    [Theory]
    [InlineData("//images//a.png?x=//", "//images//a.png?x=//")]
    [InlineData("/fetch/https://example.com/", "/fetch/https://example.com/")]
    public async Task TheServiceReceivesWhatTheClientSent(string path, string expected)
    {
        var (status, received) = await AskAsync(path);

        Assert.Equal((HttpStatusCode.OK, expected), (status, received));
    }

    [Fact]
    public async Task ARouteThatRewritesThePathDoesSoWithTheMergedOne()
    {
        var (_, received) = await AskAsync("//api//voices");

        Assert.Equal("/voices", received);
    }

    private static async Task<(HttpStatusCode Status, string? Received)> AskAsync(string path)
    {
        string? received = null;
        await using var service = await TestService.StartAsync(context =>
        {
            received = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            return Task.CompletedTask;
        });
        var configuration = TestConfiguration.ForService(service.Address);
        var route = configuration.Routes[0];
        configuration = configuration with
        {
            Routes =
            [
                route,
                route with { RouteId = "admin", Match = new RouteMatch { Path = "/admin/{**rest}" }, AuthorizationPolicy = "office" },
                route with { RouteId = "api", Match = new RouteMatch { Path = "/api/{**rest}" }, Transforms = [new Dictionary<string, string> { ["PathRemovePrefix"] = "/api" }] },
            ],
            Gateway = new GatewayOptions
            {
                Access = new Dictionary<string, AccessPolicy> { ["office"] = new("office") { Allow = [IPNetwork.Parse("192.0.2.0/24")] } },
            },
        };
        await using var gateway = await TestGateway.StartAsync(configuration);
        return (await StatusAsync(new Uri(gateway.Address).Port, path), received);
    }

    // HttpClient would tidy the path up.
    private static async Task<HttpStatusCode> StatusAsync(int port, string path)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        await using var tls = new SslStream(tcp.GetStream(), false, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), Cancellation);
        using var reader = new StreamReader(tls);
        var line = await reader.ReadLineAsync(Cancellation);
        return (HttpStatusCode)int.Parse(line!.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
