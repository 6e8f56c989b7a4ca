using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>A socket with a buffer for what has come and was not read yet.</summary>
internal sealed class BufferedSocket(PolledSocket socket)
{
    private const int BufferSize = 4 * 1024;

    private byte[] _buffer = [];
    // Of the buffer: what has come and was not read.
    private int _start;
    private int _end;
    private long _bytesInLoop;
    private volatile bool _isAborted;

    /// <summary>For what the kernel knows of it.</summary>
    public Socket Socket => socket.Socket;

    /// <summary>Bytes that were sent.</summary>
    public long Written { get; private set; }

    public bool IsAborted => _isAborted;

    /// <summary>What has come and was not read.</summary>
    public ReadOnlyMemory<byte> Buffered => _buffer.AsMemory(_start, _end - _start);

    public bool HasBuffered => _start < _end;

    /// <summary>Something has come and was not read, or the other side's end.</summary>
    public bool HasUnread => HasBuffered || socket.HasUnread;

    /// <summary>Whoever waits here goes on in the event loop until it has received as many bytes; then in the pool.</summary>
    public void GoOnInLoop(long bytes)
    {
        _bytesInLoop = bytes;
        socket.GoesOnInLoop = bytes > 0;
    }

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

        if (buffer.IsEmpty)
        {
            return WaitOnlyAsync(cancellationToken);
        }

        return EventLoop.IsCurrent || socket.TryReceive(buffer.Span) is not (>= 0 and var received) ? ReceiveAsync(buffer, cancellationToken) : ValueTask.FromResult(received);
    }

    /// <summary>Waits until there may be something to read.</summary>
    public ValueTask WaitAsync() => HasBuffered || !socket.IsDrained ? ValueTask.CompletedTask : socket.WaitForBytesAsync(CancellationToken.None);

    /// <summary>Has more in the buffer.</summary>
    /// <returns>False at the other side's end.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (socket.IsDrained)
        {
            // A buffer that is taken when something has come is the one that this thread has just given back.
            await socket.WaitForBytesAsync(cancellationToken);
        }

        MakeRoom();
        int received;
        while ((received = socket.TryReceive(_buffer.AsSpan(_end))) < 0)
        {
            await socket.WaitForBytesAsync(cancellationToken);
        }

        _end += received;
        if (IsTooMuchForLoop(received))
        {
            await Task.Yield();
        }

        return received > 0;
    }

    /// <summary>Sends all of it.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Written += bytes.Length;
        return socket.SendAsync(bytes, cancellationToken);
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

    /// <summary>The socket alone, for whoever has buffers of its own.</summary>
    public RawConnection Take()
    {
        var rest = Buffered.ToArray();
        Release();
        return new RawConnection(socket, socket, rest);
    }

    /// <summary>Ends it at once: whoever reads or writes fails.</summary>
    public void Abort()
    {
        _isAborted = true;
        // By itself .NET resets a connection that is being read.
        socket.Shut();
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitOnlyAsync(CancellationToken cancellationToken)
    {
        await socket.WaitForBytesAsync(cancellationToken);
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int received;
        while ((received = socket.TryReceive(buffer.Span)) < 0)
        {
            await socket.WaitForBytesAsync(cancellationToken);
        }

        if (IsTooMuchForLoop(received))
        {
            await Task.Yield();
        }

        return received;
    }

    private bool IsTooMuchForLoop(int received)
    {
        _bytesInLoop -= received;
        if (_bytesInLoop >= 0 || !EventLoop.IsCurrent)
        {
            return false;
        }

        socket.GoesOnInLoop = false;
        return true;
    }
}
