using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting.Transport;

/// <summary>Writes to a connection. What is written whole goes to the kernel, or to TLS, without a copy.</summary>
internal sealed class SocketWriter(IByteChannel channel, SocketConnection connection) : PipeWriter
{
    private const int MinimumSize = 4 * 1024;

    private byte[] _buffer = [];
    private int _length;
    private bool _isCanceled;
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_buffer.Length - _length), nameof(bytes));
        _length += bytes;
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_length == 0)
        {
            return SendAsync(source, cancellationToken);
        }

        this.Write(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        _length == 0 ? ValueTask.FromResult(Result(isCompleted: false)) : SendBufferAsync(cancellationToken);

    public override void CancelPendingFlush() => _isCanceled = true;

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        Release();
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (!_isCompleted && exception is null)
        {
            await FlushAsync();
        }

        Complete(exception);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> SendBufferAsync(CancellationToken cancellationToken)
    {
        var result = await SendAsync(_buffer.AsMemory(0, _length), cancellationToken);
        _length = 0;
        Release();
        return result;
    }

    private ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_isCompleted)
        {
            return ValueTask.FromResult(Result(isCompleted: true));
        }

        ValueTask sending;
        try
        {
            sending = channel.SendAsync(bytes, cancellationToken);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Aborted a moment ago, for example: an end like any other.
            sending = ValueTask.FromException(exception);
        }

        return sending.IsCompletedSuccessfully ? ValueTask.FromResult(Result(isCompleted: false)) : FinishAsync(sending);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FinishAsync(ValueTask sending)
    {
        var hasGone = false;
        try
        {
            await sending;
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Said by the connection's end, not here: as far as HTTP is concerned, nobody reads what it writes any more.
            connection.Abort(new ConnectionAbortedException("The client has gone.", exception));
            hasGone = true;
        }

        if (connection.MostBytes < int.MaxValue)
        {
            await EventLoop.LeaveAsync();
        }

        return Result(isCompleted: hasGone);
    }

    private static bool IsEnd(Exception exception) => exception is SocketException or ObjectDisposedException or IOException;

    private FlushResult Result(bool isCompleted)
    {
        var isCanceled = _isCanceled;
        _isCanceled = false;
        return new FlushResult(isCanceled, isCompleted);
    }

    private void MakeRoom(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(MinimumSize, 2 * _buffer.Length)));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            var length = _length;
            Release();
            (_buffer, _length) = (larger, length);
        }
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _length) = ([], 0);
    }
}
