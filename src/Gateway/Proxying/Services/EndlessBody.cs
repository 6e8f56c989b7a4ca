using System.Runtime.CompilerServices;

namespace Gateway.Proxying.Services;

/// <summary>A body that ends with the connection.</summary>
internal sealed class EndlessBody(Http11Connection connection) : AnswerBody(connection)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await Bytes.ReadAsync(buffer, cancellationToken);
}
