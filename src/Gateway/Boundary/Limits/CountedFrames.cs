using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gateway.Boundary.Limits;

/// <summary>The input of an HTTP/2 connection as it is; tells of the control frames in what is consumed.</summary>
/// <param name="inner">Where the input comes from.</param>
/// <param name="tell">Takes a count; called where it is not zero.</param>
internal sealed class CountedFrames(PipeReader inner, Action<int> tell) : PipeReader
{
    private ReadOnlySequence<byte> _read;
    private ControlFrameCounter _counter = new();

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(Keep(reading.Result)) : KeepAsync(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        var isRead = inner.TryRead(out result);
        if (isRead)
        {
            Keep(result);
        }

        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
        Count(consumed);
        inner.AdvanceTo(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Count(consumed);
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> KeepAsync(ValueTask<ReadResult> reading) => Keep(await reading);

    private ReadResult Keep(ReadResult result)
    {
        _read = result.Buffer;
        return result;
    }

    private void Count(SequencePosition consumed)
    {
        var count = _counter.Count(_read.Slice(_read.Start, consumed));
        _read = default;
        if (count > 0)
        {
            tell(count);
        }
    }
}
