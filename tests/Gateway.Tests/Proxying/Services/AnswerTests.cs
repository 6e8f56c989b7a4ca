using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Proxying.Services;

/// <summary>Answers of services as bytes, and what a client gets of them.</summary>
public sealed class AnswerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:5 \r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;name=\"a;b\"\r\nhe\r\n03 \r\nllo\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello")]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task IsReadWholeHoweverItIsFramedAndCut(string answer)
    {
        foreach (var size in new[] { answer.Length, 1, 7 })
        {
            await using var service = Service(answer, size);
            await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

            using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("hello", await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\n: nameless\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nbad name: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("RTSP/1.0 200 OK\r\n\r\n")]
    public async Task ThatIsNotHttpIsABadGateway(string answer)
    {
        await using var service = Service(answer, answer.Length);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("sent an answer that is not HTTP", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithMoreHeadersThanFitIsABadGateway()
    {
        await using var service = Service($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Range(0, 9).Select(i => $"X-{i}: {new string('x', 8000)}\r\n"))}\r\n", 4000);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello more\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nffffffffffffffffff\r\n")]
    public async Task ThatBreaksOffDoesSoAtTheClientToo(string answer)
    {
        await using var service = Service(answer, answer.Length);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
    }

    [Fact]
    public async Task HeadersArriveAsTheyWereWritten()
    {
        await using var service = Service(
            "HTTP/1.1 299 Fine \u00e9\r\nX-Latin: caf\u00e9\r\nSet-Cookie: a=1\r\nset-cookie: b=2; Path=/\r\nX-Folded: one\r\n  two\r\nX-Blank :  x \r\nContent-Length: 0\r\n\r\n", 1000);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(299, (int)response.StatusCode);
        Assert.Equal(["a=1", "b=2; Path=/"], response.Headers.GetValues("Set-Cookie"));
        Assert.Equal(["one two"], response.Headers.GetValues("X-Folded"));
        Assert.Equal(["x"], response.Headers.GetValues("X-Blank"));
        Assert.StartsWith("caf", Assert.Single(response.Headers.GetValues("X-Latin")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrailersFollow()
    {
        await using var service = Service("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n", 1000);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await gateway.Client.SendAsync(request, Cancellation);
        await response.Content.ReadAsStringAsync(Cancellation);

        Assert.Equal(["42"], response.TrailingHeaders.GetValues("X-Sum"));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n")]
    public async Task LeavesTheConnectionToTheNextRequest(string method, string answer) => Assert.Equal(1, await ConnectionsOfThreeAsync(method, answer));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than was said")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nhello")]
    public async Task EndsTheConnectionWhereTheNextRequestCouldGetAnOldAnswer(string answer) => Assert.Equal(3, await ConnectionsOfThreeAsync("GET", answer));

    private static async Task<int> ConnectionsOfThreeAsync(string method, string answer)
    {
        var connections = 0;
        await using var service = new RawService(async (socket, cancellation) =>
        {
            Interlocked.Increment(ref connections);
            while ((await RawService.ReadHeadersAsync(socket, cancellation)).Length > 0)
            {
                await socket.SendAsync(Encoding.Latin1.GetBytes(answer), cancellation);
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), gateway.At("/"));
            using var response = await gateway.Client.SendAsync(request, Cancellation);
            Assert.True((int)response.StatusCode < 400);
        }

        return connections;
    }

    /// <summary>Reads a request, sends this in pieces and closes.</summary>
    private static RawService Service(string answer, int pieces) => new(async (socket, cancellation) =>
    {
        socket.NoDelay = true;
        await RawService.ReadHeadersAsync(socket, cancellation);
        foreach (var piece in Encoding.Latin1.GetBytes(answer).Chunk(pieces))
        {
            await socket.SendAsync(piece, cancellation);
        }

        // Until the gateway has it: a close with unread data would be a reset.
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReceiveAsync(new byte[1], cancellation);
    });
}
