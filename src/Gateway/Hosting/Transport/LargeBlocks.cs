using System.Buffers;

namespace Gateway.Hosting.Transport;

/// <summary>Memory for what stands between TLS and HTTP. Kestrel asks for 4 KB at a time, which would cut every TLS record into four; it
/// gets more. The blocks that are free are kept here: the pool of the rest of the process keeps as many as there are threads, and over HTTP/2 a
/// hundred answers may wait for their turn.</summary>
internal sealed class LargeBlocks : MemoryPool<byte>
{
    public const int Size = 32 * 1024;

    // 8 MB; more than those go to the garbage collector.
    private const int MostFree = 256;

    private readonly Lock _lock = new();
    private Block? _free;
    private int _count;

    public static new LargeBlocks Shared { get; } = new();

    public override int MaxBufferSize => Size;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        lock (_lock)
        {
            if (_free is { } block)
            {
                (_free, block.Next) = (block.Next, null);
                _count--;
                block.IsRented = true;
                return block;
            }
        }

        return new Block(this) { IsRented = true };
    }

    /// <summary>Leaves those that are free to the garbage collector.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            (_free, _count) = (null, 0);
        }
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (block.IsRented && _count < MostFree)
            {
                (_free, block.Next) = (block, _free);
                _count++;
            }

            block.IsRented = false;
        }
    }

    private sealed class Block(LargeBlocks home) : IMemoryOwner<byte>
    {
        /// <summary>The next one that is free; for its home, as the following.</summary>
        public Block? Next { get; set; }

        public bool IsRented { get; set; }

        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(Size);

        public void Dispose() => home.Return(this);
    }
}
