using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;
using Gateway.Proxying.Services;
using Gateway.Tests.Boundary;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxying;

/// <summary>Whether a request goes the gateway's way or YARP's makes no difference to the client and to the service. What requests become is also compared by
/// AgreementTests.</summary>
public sealed partial class DirectForwarderTests
{
    private const string Close = "Host: app.example\r\nConnection: close\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [GeneratedRegex("[0-9A-Z]{13}:[0-9A-F]{8}")]
    private static partial Regex RequestId();

    // A transform that changes nothing has YARP forward what its route takes.
    private static GatewayConfiguration Configuration(string address, bool isDirect)
    {
        var configuration = TestConfiguration.ForService(address);
        return isDirect ? configuration : configuration with
        {
            Routes = [configuration.Routes[0] with { Transforms = [new Dictionary<string, string> { ["ResponseHeaderRemove"] = "X-Never", ["When"] = "Always" }] }],
        };
    }

    /// <summary>What a client reads to the end of the connection, without the date.</summary>
    private static async Task<string> AskAsync(TestGateway gateway, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, gateway.At("/").Port, Cancellation);
        await using var tls = new SslStream(client.GetStream(), false, TestGateway.IsTestCertificate!);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        var answer = new MemoryStream();
        try
        {
            await tls.CopyToAsync(answer, Cancellation);
        }
        catch (IOException)
        {
            answer.Write("(broken off)"u8);
        }

        var lines = Encoding.Latin1.GetString(answer.ToArray()).Split("\r\n").Where(line => !line.StartsWith("Date:", StringComparison.Ordinal));
        return string.Join("\r\n", lines);
    }

    private static async Task<(string Answer, string Request, int ByYarp)> ForwardAsync(bool isDirect, string request, string answer)
    {
        await using var witness = new Witness(_ => answer);
        using var events = new Forwarded(witness.Address);
        await using var gateway = await TestGateway.StartAsync(Configuration(witness.Address, isDirect));
        var got = await AskAsync(gateway, request);
        var testimony = Assert.Single(witness.Requests);
        got = RequestId().Replace(got.Replace(new Uri(witness.Address).Authority, "SERVICE", StringComparison.Ordinal), "ID");
        return (got, string.Join("\n", testimony.Head.Split("\r\n").Order(StringComparer.Ordinal)), events.Count);
    }

    private static async Task AssertNoDifferenceAsync(string request, string answer)
    {
        var direct = await ForwardAsync(isDirect: true, request, answer);
        var yarp = await ForwardAsync(isDirect: false, request, answer);

        Assert.Equal((0, 1), (direct.ByYarp, yarp.ByYarp));
        Assert.Equal(yarp.Request, direct.Request);
        Assert.Equal(yarp.Answer, direct.Answer);
        Assert.StartsWith("HTTP/1.1 ", direct.Answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task ForAnAnswerThatHasEndedNoMoreMemoryIsTaken(string answer)
    {
        var asked = new AskedMemory();
        await using var witness = new Witness(_ => "HTTP/1.1 200 OK\r\n" + answer);
        await using var gateway = await TestGateway.StartAsync(
            Configuration(witness.Address, isDirect: true), customize: services => services.AddSingleton<IStartupFilter>(asked));

        Assert.EndsWith("ok", (await AskAsync(gateway, $"GET / HTTP/1.1\r\n{Close}\r\n")).Replace("\r\n0\r\n\r\n", "", StringComparison.Ordinal).TrimEnd(), StringComparison.Ordinal);

        Assert.Empty(asked.Sizes);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nContent-Length: 2\r\nX: 1\r\nx: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n2;ext\r\nok\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n2\r\nok\r\n0\r\nSum: 7\r\nConnection: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")]
    [InlineData("HTTP/1.0 500 Internal Server Error\r\nContent-Length: 4\r\nServer: old\r\n\r\noops")]
    [InlineData("HTTP/1.1 999 What\r\nContent-Length: 0\r\nKeep-Alive: timeout=5\r\nAlt-Svc: h3\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nStrict-Transport-Security: max-age=1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nX-Latin: caf\u00e9\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nBad Name: 1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than it has said")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public Task AnAnswerIsTheSame(string answer) => AssertNoDifferenceAsync($"GET /a?b=c HTTP/1.1\r\n{Close}Accept: text/plain\r\n\r\n", answer);

    [Theory]
    [InlineData("HEAD", "")]
    [InlineData("OPTIONS", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "Content-Length: 0\r\n")]
    [InlineData("PUT", "")]
    [InlineData("GET", "Content-Length: 0\r\n")]
    [InlineData("GET", "Cookie: a=1\r\nCookie: b=2\r\nX-Two: 1\r\nX-Two: 2\r\nX-Empty:\r\nTE: trailers\r\nUpgrade-Insecure-Requests: 1\r\nProxy-Authorization: Basic x\r\n")]
    [InlineData("GET", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\nbaggage: c=d\r\nUser-Agent: caf\u00e9\r\nUpgrade: h2c\r\n")]
    public Task ARequestIsTheSame(string method, string headers) =>
        AssertNoDifferenceAsync($"{method} /%7Ea/../b//c?d={{e}} HTTP/1.1\r\n{Close}{headers}\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

    [Fact]
    public Task ToHeadThereIsNoBodyWhateverTheServiceSends() =>
        AssertNoDifferenceAsync($"HEAD / HTTP/1.1\r\n{Close}\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n9\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno size\r\n")]
    public async Task WhatTheServiceBreaksOffIsBrokenOff(string rest)
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + rest), cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service.Address, isDirect: true));

        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            var failure = await Assert.ThrowsAnyAsync<HttpRequestException>(() => gateway.Client.SendAsync(request, Cancellation));
            if (version == HttpVersion.Version20)
            {
                // INTERNAL_ERROR; YARP says CANCEL, as if somebody had wanted it.
                Assert.Contains("0x2", $"{failure}", StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3_000)]
    [InlineData(300_000)]
    public async Task AConnectionWhoseAnswerHasBeenReadIsUsedAgain(int length)
    {
        var text = new string('x', length);
        var connections = new ConcurrentDictionary<string, int>();
        await using var service = await TestService.StartAsync(context =>
        {
            connections.AddOrUpdate(context.Connection.Id, 1, static (_, count) => count + 1);
            context.Response.ContentLength = length;
            return context.Response.WriteAsync(text);
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service.Address, isDirect: true));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(text, await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        }

        Assert.Equal(3, Assert.Single(connections).Value);
    }

    [Fact]
    public async Task AServiceAtAPathIsAskedBelowIt()
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(Configuration(witness.Address + "/base/", isDirect: true));

        Assert.EndsWith("ok", await AskAsync(gateway, $"GET /a?b HTTP/1.1\r\n{Close}\r\n"), StringComparison.Ordinal);

        Assert.Equal("/base/a?b", Assert.Single(witness.Requests).Target);
    }

    [Fact]
    public async Task NothingOfAnAnswerIsLeftInTheNext()
    {
        var answers = new ConcurrentQueue<string>(
        [
            "HTTP/1.1 403 Go away\r\nContent-Type: text/html\r\nSet-Cookie: secret\r\nContent-Length: 5\r\n\r\nfirst",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nsecond",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthird\r\n0\r\n\r\n",
        ]);
        await using var witness = new Witness(_ => answers.TryDequeue(out var next) ? next : "");
        await using var gateway = await TestGateway.StartAsync(Configuration(witness.Address, isDirect: true));

        var got = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            using var answer = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);
            got.Add($"{(int)answer.StatusCode} {answer.ReasonPhrase} {answer.Content.Headers.ContentType} {answer.Headers.Contains("Set-Cookie")} {await answer.Content.ReadAsStringAsync(Cancellation)}");
        }

        Assert.Equal(["403 Go away text/html True first", "200 OK text/html False second", "200 OK  False third"], got);
    }

    [Fact]
    public async Task TheServiceMayBeSilentForAsLongBeforeItsHeadAsAfterIt()
    {
        var time = new FakeTimeProvider();
        var (asked, head, body) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            asked.SetResult();
            await head.Task;
            await socket.SendAsync("HTTP/1.1 200 OK\r\nX-Head: here\r\nContent-Length: 2\r\n\r\n"u8.ToArray(), cancellation);
            await body.Task;
            await socket.SendAsync("ok"u8.ToArray(), cancellation);
        });
        using var pool = new Http11Pool(time);
        using var descriptors = new DescriptorAlarm(time, NullLogger<DescriptorAlarm>.Instance);
        var forwarder = new DirectForwarder(new Http11Client(new ServiceDialer(descriptors), pool, time), new FailedForwarding(descriptors), time);
        var answer = new MemoryStream();
        var context = new DefaultHttpContext { Request = { Method = "GET" }, Response = { Body = answer } };

        var forwarding = forwarder.SendAsync(context, service.Address, "/", isSecond: false, TimeSpan.FromSeconds(10), Cancellation);
        await asked.Task.WaitAsync(Cancellation);
        time.Advance(TimeSpan.FromSeconds(6));
        head.SetResult();
        while (!context.Response.Headers.ContainsKey("X-Head"))
        {
            await Task.Delay(5, Cancellation);
        }

        time.Advance(TimeSpan.FromSeconds(6));
        body.SetResult();

        Assert.Equal(ForwarderError.None, await forwarding);
        Assert.Equal("ok", Encoding.ASCII.GetString(answer.ToArray()));
    }

    [Fact]
    public void AHeadIsReadAnewEachTime()
    {
        var head = new AnswerHead();
        head.Read("HTTP/1.0 404 No\r\nContent-Type: a\r\nContent-Length: 7\r\nContent-Length: 7\r\nKeep-Alive: timeout=5\r\nConnection: close\r\n\r\n"u8);
        Assert.Equal(4, head.Headers.Length);

        head.Read("HTTP/1.1 200 OK\r\nContent-Type: b\r\n\r\n"u8);

        Assert.Equal([("Content-Type", "b")], head.Headers.ToArray());
        Assert.Equal((200, null, null, null, true), (head.Status, head.ReasonPhrase, head.Length, head.Patience, head.KeepsAlive));
    }

    /// <summary>Counts what YARP's forwarder sends to one service.</summary>
    private sealed class Forwarded(string address) : EventListener
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Yarp.ReverseProxy")
            {
                EnableEvents(eventSource, EventLevel.Informational);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "ForwarderStart" && eventData.Payload is [string destination, ..] && destination == address)
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}
