using System.Runtime.CompilerServices;

namespace Gateway.Proxying.Services;

/// <summary>A body with a Content-Length.</summary>
internal sealed class MeasuredBody(Http11Connection connection, long length) : AnswerBody(connection)
{
    private long _left = length;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsEnded)
        {
            return ValueTask.FromResult(0);
        }

        var reading = Bytes.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(Count(reading.Result, buffer.IsEmpty)) : AwaitAsync(reading, buffer.IsEmpty);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitAsync(ValueTask<int> reading, bool isEmpty) => Count(await reading, isEmpty);

    private int Count(int read, bool isEmpty)
    {
        if (read == 0)
        {
            // An empty buffer asks for news only.
            return isEmpty ? 0 : throw BrokenOff();
        }

        _left -= read;
        if (_left == 0)
        {
            End();
        }

        return read;
    }
}
