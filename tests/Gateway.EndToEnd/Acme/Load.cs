using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.EndToEnd.Acme;

/// <summary>Clients of one gateway under one name, who trust one root.</summary>
internal sealed class Load(int port, string name, X509Certificate2 root) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<ClientWebSocket> _sockets = [];
    private readonly HttpClient _keeping = Client(port, root, keeps: true);
    private readonly HttpClient _fresh = Client(port, root, keeps: false);

    public async Task OpenWebSocketsAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new ClientWebSocket();
            _sockets.Add(socket);
            await socket.ConnectAsync(new Uri($"wss://{name}:{port}/ws/{i}"), _keeping, cancellationToken);
        }
    }

    /// <summary>Sends requests until it is stopped, every second one on a connection of its own.</summary>
    public async Task<(int Succeeded, IReadOnlyCollection<string> Failed)> SendAsync(int perSecond, CancellationToken stop)
    {
        var (succeeded, failed) = (0, new ConcurrentQueue<string>());
        var sending = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                sending.RemoveAll(task => task.IsCompleted);
                sending.AddRange(Enumerable.Range(0, perSecond / 20).Select(i => SendOneAsync(i % 2 == 0 ? _keeping : _fresh)));
            }
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(sending);
        return (succeeded, failed);

        async Task SendOneAsync(HttpClient client)
        {
            try
            {
                Assert.Equal("ok", await client.GetStringAsync(new Uri($"https://{name}:{port}/"), CancellationToken.None));
                Interlocked.Increment(ref succeeded);
            }
            catch (Exception e)
            {
                failed.Enqueue(e.ToString());
            }
        }
    }

    /// <summary>Every WebSocket says back what it is told.</summary>
    public async Task AssertAliveAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var buffer = new byte[100];
        foreach (var socket in _sockets)
        {
            await socket.SendAsync("still there?"u8.ToArray(), WebSocketMessageType.Text, true, limit.Token);
            var answer = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.Equal("still there?", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        }
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _keeping.Dispose();
        _fresh.Dispose();
    }

    private static HttpClient Client(int port, X509Certificate2 root, bool keeps) => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = keeps ? Timeout.InfiniteTimeSpan : TimeSpan.Zero,
        ConnectCallback = async (_, token) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    })
    {
        Timeout = Patience,
    };
}
