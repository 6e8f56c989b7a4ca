using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>A socket with a buffer for what has come and was not read yet. Whoever waits here goes on in the pool, not in the event loop.</summary>
internal sealed class BufferedSocket(Socket socket)
{
    private const int BufferSize = 4 * 1024;

    private byte[] _buffer = [];
    // Of the buffer: what has come and was not read.
    private int _start;
    private int _end;
    private ValueTask<int>? _ahead;
    private volatile bool _isAborted;

    public Socket Socket => socket;

    /// <summary>Bytes that were sent.</summary>
    public long Written { get; private set; }

    public bool IsAborted => _isAborted;

    /// <summary>What has come and was not read.</summary>
    public ReadOnlyMemory<byte> Buffered => _buffer.AsMemory(_start, _end - _start);

    public bool HasBuffered => _start < _end;

    /// <summary>What <see cref="TryReadAhead"/> waits for is there.</summary>
    public bool HasNews => _ahead is not { IsCompleted: false };

    /// <summary>Passes over what was looked at in the buffer.</summary>
    public void Skip(int count) => _start += count;

    /// <summary>Reads what has come already.</summary>
    public int TakeBuffered(Span<byte> buffer)
    {
        var count = Math.Min(_end - _start, buffer.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <summary>Reads what has come, or waits for it; an empty buffer waits only.</summary>
    /// <returns>0 at the other side's end.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (HasBuffered)
        {
            return ValueTask.FromResult(TakeBuffered(buffer.Span));
        }

        var receiving = socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        return receiving.IsCompletedSuccessfully ? receiving : EventLoop.LeaveAfterAsync(receiving);
    }

    /// <summary>Has more in the buffer.</summary>
    /// <returns>False at the other side's end.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        int received;
        try
        {
            if (_ahead is { } ahead)
            {
                _ahead = null;
                received = await ahead;
            }
            else
            {
                MakeRoom();
                received = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
            }
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }

        _end += received;
        return received > 0;
    }

    /// <summary>Begins to read into the buffer, which is empty; the next <see cref="FillAsync"/> goes on with it.</summary>
    /// <returns>False when the socket is closed.</returns>
    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by FillAsync.")]
    public bool TryReadAhead()
    {
        MakeRoom();
        try
        {
            _ahead = socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Sends all of it.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Written += bytes.Length;
        var sending = socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
        if (!sending.IsCompletedSuccessfully)
        {
            return FinishAsync(sending);
        }

        _ = sending.Result;
        return ValueTask.CompletedTask;
    }

    /// <summary>Does without a buffer from now on; nothing is in it.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }

    /// <summary>Ends it at once: whoever reads or writes fails.</summary>
    public void Abort()
    {
        _isAborted = true;
        try
        {
            // By itself .NET resets a connection that is being read.
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other side was faster.
        }

        // The buffer stays with a read that may be under way.
        socket.Dispose();
    }

    private void MakeRoom()
    {
        if (!HasBuffered)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Length != BufferSize)
            {
                Release();
                _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            }
        }
        else if (_end == _buffer.Length)
        {
            var rest = Buffered;
            var larger = ArrayPool<byte>.Shared.Rent(2 * rest.Length);
            rest.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (larger, 0, rest.Length);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(ValueTask<int> sending)
    {
        try
        {
            await sending;
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }
    }
}
