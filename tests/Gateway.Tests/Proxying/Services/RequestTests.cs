using System.Net;
using System.Text;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Proxying.Services;

/// <summary>Requests as bytes at the service.</summary>
public sealed class RequestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ABodyOfUnknownLengthGoesInChunks()
    {
        var received = new TaskCompletionSource<string>();
        await using var service = new RawService(async (socket, cancellation) =>
        {
            var text = "";
            var buffer = new byte[64 * 1024];
            while (!text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer, cancellation) is > 0 and var read)
            {
                text += Encoding.Latin1.GetString(buffer, 0, read);
            }

            received.SetResult(text);
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/upload")) { Content = new StreamContent(new MemoryStream(new byte[100_000])) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var text = await received.Task.WaitAsync(Cancellation);
        Assert.Contains("\r\nTransfer-Encoding: chunked\r\n", text, StringComparison.Ordinal);
        Assert.Equal(100_000, Dechunk(text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]));
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", true)]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", false)]
    public async Task ABodyThatWaitsForLeaveIsSentOnlyWithIt(string first, bool isSent)
    {
        var body = new TaskCompletionSource<int>();
        await using var service = new RawService(async (socket, cancellation) =>
        {
            var head = await RawService.ReadHeadersAsync(socket, cancellation);
            Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
            await socket.SendAsync(Encoding.ASCII.GetBytes(first), cancellation);
            body.SetResult(await socket.ReceiveAsync(new byte[100], cancellation));
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/")) { Content = new ByteArrayContent(new byte[3]) };
        request.Headers.ExpectContinue = true;

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(isSent ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(isSent ? 3 : 0, await body.Task.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task AServiceThatDoesNotKnowOfLeaveGetsTheBodyAllTheSame()
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            Assert.Equal(3, await socket.ReceiveAsync(new byte[100], cancellation));
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/")) { Content = new ByteArrayContent(new byte[3]) };
        request.Headers.ExpectContinue = true;

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task AClientThatLeavesIsToldToTheServiceByTheEndOfItsConnection()
    {
        var asked = new TaskCompletionSource();
        var ended = new TaskCompletionSource<int>();
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            asked.SetResult();
            ended.SetResult(await socket.ReceiveAsync(new byte[1], cancellation));
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var asking = gateway.Client.GetAsync(gateway.At("/"), leaving.Token);
        await asked.Task.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(0, await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    private static int Dechunk(string chunks)
    {
        var all = 0;
        while (true)
        {
            var end = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            var size = Convert.ToInt32(chunks[..end], 16);
            if (size == 0)
            {
                return all;
            }

            Assert.Equal("\r\n", chunks.Substring(end + 2 + size, 2));
            chunks = chunks[(end + 2 + size + 2)..];
            all += size;
        }
    }
}
