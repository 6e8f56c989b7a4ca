using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxying;

/// <summary>Services close connections of the pool when they like. What can not have reached them is sent again, and nothing else.</summary>
public sealed class ClosedConnectionTests
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly ConcurrentQueue<string> _delivered = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Reads one request with its body and notes its line.</summary>
    private async Task<bool> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        var head = await RawService.ReadHeadersAsync(socket, cancellationToken);
        if (head.Length == 0)
        {
            return false;
        }

        _delivered.Enqueue(head[..head.IndexOf("\r\n", StringComparison.Ordinal)]);
        var end = head.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var missing = (length is null ? 0 : int.Parse(length[15..], CultureInfo.InvariantCulture)) - (head.Length - end);
        while (missing > 0)
        {
            missing -= await socket.ReceiveAsync(new byte[missing], cancellationToken);
        }

        return true;
    }

    private static ValueTask<int> SendAsync(Socket socket, CancellationToken cancellationToken) =>
        socket.SendAsync(Encoding.ASCII.GetBytes(Answer), cancellationToken);

    private static HttpRequestMessage Request(string kind, Uri address) => kind switch
    {
        "POST" => new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent([1, 2, 3]) },
        "POST without a body" => new HttpRequestMessage(HttpMethod.Post, address),
        _ => new HttpRequestMessage(new HttpMethod(kind), address),
    };

    [Fact]
    public async Task NoSafeRequestFailsWhenTheServiceEndsItsConnectionsAtAnyMoment()
    {
        // Without a word about it, and often as the next request is on its way.
        await using var service = new RawService(async (socket, cancellation) =>
        {
            for (var i = 0; i < 3 && await ReadAsync(socket, cancellation); i++)
            {
                await SendAsync(socket, cancellation);
            }

            for (var spin = Random.Shared.Next(400); spin > 0; spin--)
            {
                Thread.SpinWait(30);
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        await HammerAsync(gateway, clients: 8, requests: 200, _ => "GET", pause: null);
    }

    [Fact]
    public async Task NoRequestFailsWhenTheServicesKeepAliveIsShorterThanTheGateways()
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            while (await ReadAsync(socket, cancellation))
            {
                await SendAsync(socket, cancellation);
                if (!await IsAskedWithinASecondAsync(socket, cancellation))
                {
                    break;
                }
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        string[] kinds = ["GET", "POST", "POST without a body"];

        // The pauses end before, at and after that moment.
        await HammerAsync(gateway, clients: 60, requests: 5, i => kinds[i % kinds.Length], pause: () => TimeSpan.FromMilliseconds(Random.Shared.Next(900, 1200)));

        Assert.Equal(60 * 5, _delivered.Count);
    }

    // Asks the kernel last of all: what it has acknowledged to the gateway and the service throws away is lost, and nobody but the service
    // knows. (Kestrel does not ask; where its threads are late, that is some of the POSTs.)
    private static async Task<bool> IsAskedWithinASecondAsync(Socket socket, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 100 && socket.Available == 0; i++)
        {
            await Task.Delay(10, cancellationToken);
        }

        return socket.Poll(0, SelectMode.SelectRead);
    }

    private static Task HammerAsync(TestGateway gateway, int clients, int requests, Func<int, string> kind, Func<TimeSpan>? pause) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            for (var i = 0; i < requests; i++)
            {
                using var request = Request(kind(client + i), gateway.At($"/{client}/{i}"));
                using var response = await gateway.Client.SendAsync(request, Cancellation);
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
                await Task.Delay(pause?.Invoke() ?? TimeSpan.Zero, Cancellation);
            }
        }));

    [Theory]
    [InlineData("POST", false, 502, 1)]
    [InlineData("POST", true, 502, 1)]
    [InlineData("POST without a body", false, 502, 1)]
    [InlineData("POST without a body", true, 502, 1)]
    [InlineData("DELETE", false, 502, 1)]
    [InlineData("GET", false, 200, 2)]
    [InlineData("GET", true, 200, 2)]
    [InlineData("HEAD", false, 200, 2)]
    public async Task WhatTheServiceHasReadIsSentAgainOnlyIfItIsSafe(string kind, bool reset, int status, int deliveries)
    {
        // The first request of a connection is answered, the second is read and the connection ended.
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await ReadAsync(socket, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), cancellation);
            await ReadAsync(socket, cancellation);
            if (reset)
            {
                socket.LingerState = new LingerOption(true, 0);
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using (await gateway.Client.GetAsync(gateway.At("/first"), Cancellation))
        {
        }

        using var request = Request(kind, gateway.At("/second"));
        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(deliveries, _delivered.Count(line => line.Contains("/second", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TheSecondAttemptIsOverANewConnectionAlthoughOthersWait()
    {
        // Two connections that end at their second request; a third that answers.
        var (connections, two) = (0, new TaskCompletionSource());
        await using var service = new RawService(async (socket, cancellation) =>
        {
            var number = Interlocked.Increment(ref connections);
            await ReadAsync(socket, cancellation);
            if (number == 2)
            {
                two.SetResult();
            }

            await two.Task;
            await SendAsync(socket, cancellation);
            await ReadAsync(socket, cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        await Task.WhenAll(gateway.Client.GetStringAsync(gateway.At("/1"), Cancellation), gateway.Client.GetStringAsync(gateway.At("/2"), Cancellation));

        Assert.Equal("ok", await gateway.Client.GetStringAsync(gateway.At("/3"), Cancellation));

        Assert.Equal(3, connections);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("POST without a body")]
    public async Task ARequestOverANewConnectionIsSentOnce(string kind)
    {
        await using var service = new RawService(ReadAsync);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var request = Request(kind, gateway.At("/once"));
        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Single(_delivered);
        Assert.Contains("closed the connection without an answer", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APostWithoutLengthAndBodyIsSentOnceToo()
    {
        // SocketsHttpHandler by itself would send it four times.
        await using var service = new RawService(ReadAsync);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/once")) { Version = HttpVersion.Version20 };
        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Single(_delivered);
    }

    [Fact]
    public async Task AHandshakeThatMetAClosedConnectionIsSentAgain()
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            var head = await RawService.ReadHeadersAsync(socket, cancellation);
            if (head.StartsWith("GET /ws", StringComparison.Ordinal))
            {
                _delivered.Enqueue("handshake");
                await socket.SendAsync(Handshake.Accept(head), cancellation);
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            await SendAsync(socket, cancellation);
            await RawService.ReadHeadersAsync(socket, cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using (await gateway.Client.GetAsync(gateway.At("/first"), Cancellation))
        {
        }

        using var socket = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation);

        Assert.Equal(WebSocketState.Open, socket.State);
        Assert.Single(_delivered);
    }

    private static class Handshake
    {
        public static byte[] Accept(string head)
        {
            var key = head.Split("\r\n").First(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase))[18..].Trim();
#pragma warning disable CA5350 // RFC 6455 section 4.2.2.
            var accept = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
            return Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        }
    }
}
