using System.Buffers;

namespace Gateway.Hosting.Transport;

/// <summary>Memory for what stands between TLS and HTTP. Kestrel asks for 4 KB at a time, which would cut every TLS record into four; it
/// gets more, from the pool that the rest of the process uses and that the garbage collector trims.</summary>
internal sealed class LargeBlocks : MemoryPool<byte>
{
    public const int Size = 32 * 1024;

    public static new LargeBlocks Shared { get; } = new();

    public override int MaxBufferSize => Size;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Block();

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        private byte[]? _bytes = ArrayPool<byte>.Shared.Rent(Size);

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }
}
