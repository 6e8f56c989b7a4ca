using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxying;

public sealed class ErrorResponsesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private const string Nobody = "http://127.0.0.1:1";

    private static Func<System.Net.Sockets.Socket, CancellationToken, Task> Answer(string bytes) => async (socket, cancellation) =>
    {
        await RawService.ReadHeadersAsync(socket, cancellation);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(bytes), cancellation);
    };

    [Theory]
    [InlineData("Dev", "The service 'service' (http://127.0.0.1:1) refused the connection: nothing listens there.")]
    [InlineData("Run", "The service behind this address is not answering. Please try again in a moment.")]
    public async Task NamesTheServiceAndTheReasonInDevAndOnlyTheRequestInRun(string mode, string detail)
    {
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(Nobody), Enum.Parse<HostMode>(mode));

        using var response = await gateway.Client.GetAsync(gateway.At("/api/voices?key=secret"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(502, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(detail, problem.RootElement.GetProperty("detail").GetString());
        var id = problem.RootElement.GetProperty("requestId").GetString();
        Assert.Equal(id, response.Headers.GetValues("X-Request-Id").Single());
        var line = await gateway.Log.WaitForAsync(l => l.Message.Contains("refused the connection", StringComparison.Ordinal), Cancellation);
        Assert.Contains(id!, line.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Log.All, l => l.Message.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("en-GB,en;q=0.9", "Bad gateway", "lang=\"en\"")]
    [InlineData("zh-CN,zh;q=0.9,en;q=0.8", "网关错误", "lang=\"zh-CN\"")]
    public async Task IsAPageInTheBrowsersLanguage(string languages, string title, string lang)
    {
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(Nobody));
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        request.Headers.TryAddWithoutValidation("Accept-Language", languages);

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        var page = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains(title, page, StringComparison.Ordinal);
        Assert.Contains(lang, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOfTheRequestBecomesMarkup()
    {
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(Nobody) with { Routes = [] });
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/%3Cscript%3Ealert(1)%3C/script%3E"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.DoesNotContain("<script", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("", "closed the connection without an answer")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "sent an answer that is not HTTP")]
    public async Task AServiceThatMisbehavesGives502WithTheReason(string answer, string reason)
    {
        await using var service = new RawService(Answer(answer));
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServiceThatHangsGives504()
    {
        await using var service = new RawService((_, cancellation) => Task.Delay(Timeout.Infinite, cancellation));
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { RequestTimeout = TimeSpan.FromMilliseconds(300) } });

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("was silent for 00:00:00.3", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1", true)]
    [InlineData("1.1", false)]
    [InlineData("2.0", true)]
    [InlineData("2.0", false)]
    public async Task AnUploadBeyondTheLimitGives413WithTheSetting(string version, bool lengthKnown)
    {
        await using var service = await TestService.StartAsync(async context => await context.Request.Body.CopyToAsync(Stream.Null, Cancellation));
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { MaxRequestBodySize = 100_000 } });
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/upload"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[200_000]),
        };
        request.Headers.TransferEncodingChunked = !lengthKnown && version == "1.1";
        if (!lengthKnown)
        {
            request.Content = new StreamContent(new UnknownLength(new byte[200_000]));
        }

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("Gateway:Limits:MaxRequestBodySize is 100000 bytes", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(404, "my own page")]
    [InlineData(502, "")]
    [InlineData(503, "{\"error\":\"engine\"}")]
    public async Task AServicesOwnErrorPassesAsItIs(int status, string body)
    {
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Own"] = "yes";
            return context.Response.WriteAsync(body, Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("yes", response.Headers.GetValues("X-Own").Single());
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task AClusterWithNothingUpGives503()
    {
        var configuration = TestConfiguration.ForService(Nobody);
        configuration = configuration with { Clusters = [configuration.Clusters[0] with { Destinations = null }] };
        await using var gateway = await TestGateway.StartAsync(configuration);

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("'service' has no destination that is up", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
