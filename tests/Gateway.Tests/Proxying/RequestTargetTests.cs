using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxying;

public sealed class RequestTargetTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task AnswerWithTarget(HttpContext context) =>
        context.Response.WriteAsync(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);

    /// <summary>HttpClient would tidy the target up, so the request line is written by hand.</summary>
    private static async Task<string> TargetAtServiceAsync(string target, Func<string, Gateway.Configuration.GatewayConfiguration>? configure = null)
    {
        await using var service = await TestService.StartAsync(AnswerWithTarget);
        await using var gateway = await TestGateway.StartAsync(configure?.Invoke(service.Address) ?? TestConfiguration.ForService(service.Address));
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, Cancellation);
        await using var tls = new System.Net.Security.SslStream(tcp.GetStream(), false, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), Cancellation);
        using var reader = new StreamReader(tls);
        var answer = await reader.ReadToEndAsync(Cancellation);
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        return answer.Split("\r\n")[^1] is { Length: > 0 } last ? last : answer.Split("\r\n")[^4];
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/voices?x=1&y=a+b%20c")]
    [InlineData("/%e4%bd%a0%E5%A5%BD?q=%E4%bd%a0")]
    [InlineData("/a%20b/%41%7e~")]
    [InlineData("//double//slash/")]
    [InlineData("/a;b=c,d:e@f!$'()*")]
    [InlineData("/a?b?c/../d")]
    [InlineData("/a?")]
    public async Task ReachesTheServiceByteForByte(string target) => Assert.Equal(target, await TargetAtServiceAsync(target));

    [Theory]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/./b?x=1", "/a/b?x=1")]
    [InlineData("/a/%2e%2e/b", "/b")]
    public async Task IsThePathThatWasRoutedWhenTheClientSentDotSegments(string target, string expected) =>
        Assert.Equal(expected, await TargetAtServiceAsync(target));

    [Fact]
    public async Task IsRewrittenWhenTheRouteSaysSo()
    {
        var target = await TargetAtServiceAsync("/a%20b?x=1", address => TestConfiguration.ForService(address) with
        {
            Routes =
            [
                new RouteConfig
                {
                    RouteId = "all",
                    ClusterId = "service",
                    Match = new RouteMatch { Path = "/{**rest}" },
                    Transforms = [new Dictionary<string, string> { ["PathPrefix"] = "/v2" }],
                },
            ],
        });

        Assert.Equal("/v2/a%20b?x=1", target);
    }
}
