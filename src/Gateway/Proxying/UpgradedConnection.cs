using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Proxying;

/// <summary>
/// The client's side of an upgraded HTTP/1.1 connection without the layers for requests and responses. One read takes all that is there
/// already, so that a message of many TLS records becomes few writes to the service; a write goes straight to TLS.
/// </summary>
internal sealed class UpgradedConnection : AsynchronousStream
{
    private readonly Stream _upgraded;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    // Begun, with nothing there yet: the next read goes on with it.
    private ValueTask<ReadResult>? _pending;

    private UpgradedConnection(Stream upgraded, IDuplexPipe transport) => (_upgraded, _input, _output) = (upgraded, transport.Input, transport.Output);

    /// <param name="context">The request that was upgraded.</param>
    /// <param name="upgraded">What the server gave for it: it owns the connection's end.</param>
    public static Stream Over(HttpContext context, Stream upgraded) =>
        context.Features.Get<IConnectionTransportFeature>() is { Transport: { } transport }
            ? new UpgradedConnection(upgraded, transport)
            : upgraded;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var total = 0;
        while (true)
        {
            var reading = _pending ?? _input.ReadAsync(cancellationToken);
            if (total > 0 && !reading.IsCompletedSuccessfully)
            {
                _pending = reading;
                return total;
            }

            var isOfBefore = _pending is not null;
            _pending = null;
            ReadResult result;
            try
            {
                result = await reading;
            }
            catch (OperationCanceledException) when (isOfBefore && !cancellationToken.IsCancellationRequested)
            {
                // Whoever began it was interrupted: the gateway closes.
                continue;
            }

            var taken = (int)Math.Min(result.Buffer.Length, buffer.Length - total);
            var part = result.Buffer.Slice(0, taken);
            part.CopyTo(buffer.Span[total..]);
            // An empty buffer asks for news only: nothing was looked at.
            _input.AdvanceTo(part.End);
            total += taken;
            if (total == buffer.Length || result.IsCompleted)
            {
                return total;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = _output.WriteAsync(buffer, cancellationToken);
        if (!writing.IsCompletedSuccessfully)
        {
            return FinishAsync(writing);
        }

        _ = writing.Result;
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(ValueTask<FlushResult> writing) => await writing;

    public override async ValueTask DisposeAsync()
    {
        await _upgraded.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _upgraded.Dispose();
        }

        base.Dispose(disposing);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }
}
