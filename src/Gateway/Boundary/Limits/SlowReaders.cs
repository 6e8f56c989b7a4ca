using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Ends connections whose client takes next to nothing of an answer that waits for it. Kestrel's own data rate grants each write its
/// size in time, four minutes for 64 KB; this looks at what the client's kernel has acknowledged. Linux only.
/// </summary>
internal sealed class SlowReaders(CurrentConfiguration configuration, TimeProvider time, LimitLog log) : BackgroundService
{
    private const int BytesPerSecond = 240;

    // A thousand that end at the same moment keep every thread busy for seconds, and honest clients waiting.
    private const int AtOnce = 20;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<ReadingClient, byte> _clients = new();

    public Func<ConnectionDelegate, ConnectionDelegate> Middleware => next => connection =>
        OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>() is { Socket: { AddressFamily: not AddressFamily.Unix } socket }
            ? WatchAsync(connection, socket, next)
            : next(connection);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var patience = configuration.Value.Gateway.Limits.SlowReaderTimeout;
            var ended = 0;
            foreach (var (client, _) in _clients)
            {
                if (client.IsStalled(time, patience, BytesPerSecond))
                {
                    log.Hit(nameof(LimitOptions.SlowReaderTimeout), client.Address);
                    client.Abort();
                    if (++ended % AtOnce == 0)
                    {
                        await Task.Delay(Pause, time, stoppingToken);
                    }
                }
            }
        }
    }

    private async Task WatchAsync(ConnectionContext connection, Socket socket, ConnectionDelegate next)
    {
        var client = new ReadingClient(connection, socket);
        connection.Features.Set(client);
        _clients.TryAdd(client, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            _clients.TryRemove(client, out _);
        }
    }
}

/// <summary>How far one connection's client has come in reading.</summary>
internal sealed class ReadingClient(ConnectionContext connection, Socket socket)
{
    private int _calls;
    private long _since;
    private ulong _acknowledged;
    private bool _waits;

    public IPAddress? Address => (connection.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>Bytes that the client has taken since the connection began.</summary>
    public ulong Acknowledged => SendQueue.Of(socket).Acknowledged;

    /// <summary>A WebSocket on this connection has been opened or closed. While there is one, the client may be out of reach for a while.</summary>
    public void CountCalls(int change) => Interlocked.Add(ref _calls, change);

    public void Abort()
    {
        try
        {
            // With a reset: the kernel would otherwise keep what the client does not take, and the connection, for minutes more.
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended meanwhile.
        }

        connection.Abort(new ConnectionAbortedException("The client did not take the answer."));
    }

    /// <summary>Whether data has been waiting for the client all the time since a call long ago, and it has taken less than the rate.</summary>
    public bool IsStalled(TimeProvider time, TimeSpan patience, int bytesPerSecond)
    {
        var queue = SendQueue.Of(socket);
        if (!queue.IsWaiting || Volatile.Read(ref _calls) > 0)
        {
            _waits = false;
            return false;
        }

        var now = time.GetTimestamp();
        if (!_waits || queue.Acknowledged - _acknowledged >= patience.TotalSeconds * bytesPerSecond)
        {
            (_waits, _since, _acknowledged) = (true, now, queue.Acknowledged);
            return false;
        }

        return time.GetElapsedTime(_since, now) >= patience;
    }
}
