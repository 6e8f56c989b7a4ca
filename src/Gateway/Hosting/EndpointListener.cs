using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting;

/// <summary>One listening socket and the connections that it has accepted.</summary>
internal sealed class EndpointListener(Socket socket, EndpointListenerFactory factory) : IConnectionListener
{
    private readonly ConcurrentDictionary<EndpointConnection, byte> _open = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _unbound = new();
    private bool _isFull;
    private bool _isCrowded;

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>A reload has removed or changed the endpoint: it accepts nobody any more, and Kestrel forgets it in a moment.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>The connections that have not ended.</summary>
    public IReadOnlyCollection<EndpointConnection> Open => [.. _open.Keys];

    /// <summary>Completes when, after its removal, no connection is left.</summary>
    public Task Empty => _empty.Task;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (_isFull)
                {
                    await factory.Descriptors.WaitAsync(_unbound.Token);
                }

                var accepted = await socket.AcceptAsync(cancellationToken);
                if (_isCrowded && HasLeft(accepted))
                {
                    // While it waited in the kernel's queue: those behind it need not wait until its handshake has failed.
                    accepted.Dispose();
                    _isFull = false;
                    continue;
                }

                _isCrowded = _isFull = factory.Descriptors.IsLast(accepted);
                var connection = new EndpointConnection(factory.Connect(accepted), this);
                _open.TryAdd(connection, 0);
                return connection;
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                // Unbound.
                return null;
            }
            catch (SocketException exception) when (DescriptorAlarm.IsCause(exception))
            {
                _isCrowded = _isFull = true;
            }
            catch (SocketException)
            {
                // The client has left the queue.
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        _unbound.Cancel();
        if (!IsRemoved && !factory.IsStopping)
        {
            IsRemoved = true;
            factory.Drain(this);
            NoteEmpty();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _unbound.Dispose();
        return ValueTask.CompletedTask;
    }

    internal void OnEnded(EndpointConnection connection)
    {
        _open.TryRemove(connection, out _);
        NoteEmpty();
    }

    private static bool HasLeft(Socket client)
    {
        try
        {
            return client.Poll(TimeSpan.Zero, SelectMode.SelectRead) && client.Available == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private void NoteEmpty()
    {
        if (IsRemoved && _open.IsEmpty)
        {
            _empty.TrySetResult();
        }
    }
}
