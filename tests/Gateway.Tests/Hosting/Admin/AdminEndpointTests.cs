using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Hosting.Admin;

public sealed class AdminEndpointTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly AdminListening FreePort = new(new AdminAddress(new IPEndPoint(IPAddress.Loopback, 0), null), IsRequired: true, "gateway.json(1,1)");

    private static Task<TestService> StartServiceAsync() => TestService.StartAsync(context => context.Response.WriteAsync("the service", Cancellation));

    private static HttpClient ClientOf(TestGateway gateway) => new() { BaseAddress = new Uri(gateway.AdminAddress!) };

    private static async Task<string> MetricsAsync(HttpClient client, string until)
    {
        while (true)
        {
            var text = await client.GetStringAsync("/metrics", Cancellation);
            if (text.Contains(until, StringComparison.Ordinal))
            {
                return text;
            }

            await Task.Delay(20, Cancellation);
        }
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/status.json")]
    [InlineData("/healthz")]
    public async Task APublicRequestNeverReachesIt(string path)
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: FreePort);

        Assert.Equal("the service", await gateway.Client.GetStringAsync(gateway.At(path), Cancellation));
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At(path)) { Headers = { Host = new Uri(gateway.AdminAddress!).Authority } };
        using var answer = await gateway.Client.SendAsync(request, Cancellation);
        Assert.Equal("the service", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task NoRuleOfThePublicSideHoldsForIt()
    {
        await using var service = await StartServiceAsync();
        var configuration = TestConfiguration.ForService(service.Address) with
        {
            AllowedHosts = ["chat.example.com"],
            Gateway = new GatewayOptions { Limits = new LimitOptions { MaxConnections = 1, RequestsPerSecondPerAddress = 1 } },
        };
        await using var gateway = await TestGateway.StartAsync(configuration, admin: FreePort);
        using var client = ClientOf(gateway);

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("ok\n", await client.GetStringAsync("/healthz", Cancellation));
        }
    }

    [Theory]
    [InlineData("evil.example.com")]
    [InlineData("evil.example.com:9180")]
    [InlineData("localhost.evil.example.com")]
    [InlineData("10.0.0.1")]
    public async Task AForeignNameThatLeadsHereIsRefused(string host)
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: FreePort);
        using var client = ClientOf(gateway);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/status.json") { Headers = { Host = host } };

        using var answer = await client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("localhost:1")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:9180")]
    public async Task LocalNamesAreServed(string host)
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: FreePort);
        using var client = ClientOf(gateway);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz") { Headers = { Host = host } };

        using var answer = await client.SendAsync(request, Cancellation);

        Assert.Equal("ready\n", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task ThereIsNothingToChangeAndNothingForOtherOrigins()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: FreePort);
        using var client = ClientOf(gateway);

        using var posted = await client.PostAsync("/status.json", null, Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
        using var page = await client.GetAsync("/", Cancellation);
        Assert.StartsWith("default-src 'none'; script-src 'self'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(page.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(page.Headers.Contains("Server"));
        var html = await page.Content.ReadAsStringAsync(Cancellation);
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        foreach (var file in new[] { "status.css", "status.js", "words.js", "icon.svg" })
        {
            using var answer = await client.GetAsync("/" + file, Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEqual(0, answer.Content.Headers.ContentLength);
        }
    }

    [Fact]
    public async Task StatusAndMetricsKnowWhatHasHappened()
    {
        await using var service = await StartServiceAsync();
        var configuration = TestConfiguration.ForService(service.Address);
        configuration = configuration with
        {
            Routes = [.. configuration.Routes, configuration.Routes[0] with { RouteId = "down", ClusterId = "down", Match = new() { Path = "/down" } }],
            Clusters = [.. configuration.Clusters, new() { ClusterId = "down", Destinations = new Dictionary<string, Yarp.ReverseProxy.Configuration.DestinationConfig> { ["one"] = new() { Address = "http://127.0.0.1:1" } } }],
        };
        await using var gateway = await TestGateway.StartAsync(configuration, admin: FreePort);
        using var client = ClientOf(gateway);
        await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation);
        using var failed = await gateway.Client.GetAsync(gateway.At("/down"), Cancellation);
        gateway.Service<LimitLog>().Hit("MaxConnections", IPAddress.Loopback);

        var metrics = await MetricsAsync(client, "gateway_requests_total{route=\"down\",code=\"502\"} 1\n");
        Assert.Contains("gateway_requests_total{route=\"all\",code=\"200\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_request_duration_seconds_count{route=\"down\",code=\"502\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_service_failures_total{cluster=\"down\",address=\"http://127.0.0.1:1\",reason=\"refused\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_service_up{cluster=\"down\",destination=\"one\",address=\"http://127.0.0.1:1\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_service_up{cluster=\"service\"", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_limit_hits_total{limit=\"MaxConnections\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("gateway_certificate_expiry_timestamp_seconds{names=\"localhost,127.0.0.1\",source=\"file\"}", metrics, StringComparison.Ordinal);
        Assert.Matches("gateway_tls_handshakes_total{version=\"1\\.[23]\"} [1-9]", metrics);

        var status = JsonSerializer.Deserialize(await client.GetStringAsync("/status.json", Cancellation), StatusJson.Default.StatusReport)!;
        Assert.True(status.IsReady);
        Assert.Equal(1, status.Routes.Single(route => route.Id == "down").ServerErrors);
        var down = status.Services.Single(one => one.Cluster == "down");
        Assert.False(down.IsUp);
        Assert.Equal(1, down.Failures["refused"]);
        Assert.True(status.Services.Single(one => one.Cluster == "service").IsUp);
        Assert.Equal(["localhost", "127.0.0.1"], Assert.Single(status.Certificates).Names);
    }

    [Fact]
    public async Task GoesOnWhileCallsDrainAndSaysSo()
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
            await socket.CloseOutputAsync(socket.CloseStatus!.Value, null, Cancellation);
        });
        var configuration = TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { DrainTimeout = TimeSpan.FromMinutes(5) } };
        await using var gateway = await TestGateway.StartAsync(configuration, HostMode.Run, admin: FreePort);
        using var client = ClientOf(gateway);
        using var call = await gateway.ConnectWebSocketAsync("/ws/", Version.Parse("1.1"), Cancellation);

        var stopping = gateway.StopAsync();
        using var ready = await client.GetAsync("/readyz", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("draining\n", await ready.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("ok\n", await client.GetStringAsync("/healthz", Cancellation));
        Assert.Contains("gateway_websockets_open{route=\"all\"} 1\n", await client.GetStringAsync("/metrics", Cancellation), StringComparison.Ordinal);

        await call.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, Cancellation);
        await stopping;
        Assert.Contains("gateway_websockets_open{route=\"all\"} 0\n", await client.GetStringAsync("/metrics", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailedHandshakesAreCountedByReason()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: FreePort);
        using var client = ClientOf(gateway);
        using (var socket = new TcpClient("127.0.0.1", new Uri(gateway.Address).Port))
        {
            await socket.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancellation);
            // Whatever it answers: the end of it is the end of the handshake.
            await socket.GetStream().CopyToAsync(Stream.Null, Cancellation);
        }

        await MetricsAsync(client, "gateway_tls_handshake_failures_total{reason=\"refused\"} 1\n");
    }

    [Fact]
    public async Task ADefaultPortThatIsTakenIsOneWarningAndTheGatewayServes()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var service = await StartServiceAsync();
        var admin = new AdminListening(new AdminAddress((IPEndPoint)taken.LocalEndpoint, null), IsRequired: false, null);

        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: admin);

        Assert.Equal("the service", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        Assert.Null(gateway.AdminAddress);
        // Nobody waits for it: who has the port is looked for among the descriptors of all processes.
        await gateway.Log.WaitForAsync(line => line.Level >= LogLevel.Warning, Cancellation);
        var warning = Assert.Single(gateway.Log.All, line => line.Level >= LogLevel.Warning);
        Assert.Contains($"port {((IPEndPoint)taken.LocalEndpoint).Port} is in use by", warning.Message, StringComparison.Ordinal);
        Assert.Contains("Gateway:Admin", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfiguredPortThatIsTakenIsAnError()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var service = await StartServiceAsync();
        var admin = FreePort with { Address = new AdminAddress((IPEndPoint)taken.LocalEndpoint, null) };

        var error = await Assert.ThrowsAsync<AdminException>(() => TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: admin));

        Assert.StartsWith($"gateway.json(1,1): Gateway:Admin: cannot listen on {taken.LocalEndpoint}: port", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUnixSocketIsForOwnerAndGroupAndTakesThePlaceOfALeftover()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        var folder = Directory.CreateTempSubdirectory("gateway-admin-");
        try
        {
            var path = Path.Combine(folder.FullName, "admin.sock");
            // As a process that was killed leaves it: .NET itself removes the file.
            using (var leftover = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                leftover.Bind(new UnixDomainSocketEndPoint(path + ".old"));
                File.Move(path + ".old", path);
            }

            Assert.True(File.Exists(path));
            await using var service = await StartServiceAsync();
            var admin = FreePort with { Address = new AdminAddress(null, path) };
            await using (var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: admin))
            {
                Assert.Equal("unix:" + path, gateway.AdminAddress);
                if (!OperatingSystem.IsWindows())
                {
                    Assert.Equal(
                        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(path));
                }

                using var client = new HttpClient(new SocketsHttpHandler
                {
                    ConnectCallback = async (_, token) =>
                    {
                        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                        return new NetworkStream(socket, ownsSocket: true);
                    },
                });
                Assert.Equal("ready\n", await client.GetStringAsync("http://gateway/readyz", Cancellation));
                await Assert.ThrowsAsync<AdminException>(() => TestGateway.StartAsync(TestConfiguration.ForService(service.Address), admin: admin));
            }

            Assert.False(File.Exists(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task AFileIsNeverTakenForALeftoverSocket()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-admin-");
        try
        {
            var path = Path.Combine(folder.FullName, "important.txt");
            await File.WriteAllTextAsync(path, "important", Cancellation);
            await using var service = await StartServiceAsync();

            await Assert.ThrowsAsync<AdminException>(() => TestGateway.StartAsync(
                TestConfiguration.ForService(service.Address), admin: FreePort with { Address = new AdminAddress(null, path) }));

            Assert.Equal("important", await File.ReadAllTextAsync(path, Cancellation));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
