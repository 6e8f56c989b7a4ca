using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Gateway.Hosting.Transport;

/// <summary>Hands out one TLS record at a time, so that whoever makes the handshake never holds a byte of what follows it.</summary>
internal sealed class HandshakeRecords(PipeReader inner) : PipeReader
{
    // RFC 8446 section 5.1: type, version, length.
    private const int HeaderLength = 5;

    private readonly byte[] _header = new byte[HeaderLength];
    private int _headerRead;
    // Of the record's fragment, once its header has been read.
    private int _left;
    private ReadOnlySequence<byte> _seen;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        Cut(await inner.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out var all))
        {
            result = default;
            return false;
        }

        result = Cut(all);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Count(_seen.Slice(0, consumed));
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private ReadResult Cut(ReadResult all)
    {
        // A header or a fragment, or what there is of it.
        var most = _headerRead < HeaderLength ? HeaderLength - _headerRead : _left;
        _seen = all.Buffer.Slice(0, Math.Min(most, all.Buffer.Length));
        return new ReadResult(_seen, all.IsCanceled, all.IsCompleted && _seen.Length == all.Buffer.Length);
    }

    private void Count(ReadOnlySequence<byte> consumed)
    {
        var count = (int)consumed.Length;
        if (_headerRead < HeaderLength)
        {
            consumed.CopyTo(_header.AsSpan(_headerRead));
            _headerRead += count;
            _left = BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(3));
        }
        else
        {
            _left -= count;
        }

        if (_headerRead == HeaderLength && _left == 0)
        {
            _headerRead = 0;
        }
    }
}
