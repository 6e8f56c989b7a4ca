using System.IO.Pipelines;

namespace Gateway.Hosting.Tls;

/// <summary>Hands out once more what was looked at and not consumed; from then on it is the reader behind it.</summary>
/// <param name="inner">Not advanced since it gave the result.</param>
/// <param name="seen">What its last read gave.</param>
internal sealed class PeekedInput(PipeReader inner, ReadResult seen) : PipeReader
{
    private bool _isSeen = true;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TakeSeen() ? ValueTask.FromResult(seen) : inner.ReadAsync(cancellationToken);

    public override bool TryRead(out ReadResult result)
    {
        if (!TakeSeen())
        {
            return inner.TryRead(out result);
        }

        result = seen;
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private bool TakeSeen()
    {
        var isSeen = _isSeen;
        _isSeen = false;
        return isSeen;
    }
}
