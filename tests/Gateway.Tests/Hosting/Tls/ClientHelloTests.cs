using System.Buffers;
using System.Net.Security;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Hosting.Tls;

namespace Gateway.Tests.Hosting.Tls;

public sealed class ClientHelloTests
{
    // What the operating system's own TLS says first.
    private static async Task<byte[]> HelloAsync(string? name, params string[] protocols)
    {
        using var wire = new FirstFlight();
        await using var tls = new SslStream(wire);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
        }));
        return wire.Written.ToArray();
    }

    [Fact]
    public async Task ReadsNameAndProtocols()
    {
        Assert.True(ClientHello.TryRead(new(await HelloAsync("www.example.com", "h2", "http/1.1")), out var hello));
        Assert.Equal("www.example.com", hello!.ServerName);
        Assert.Equal(["h2", "http/1.1"], hello.Protocols);
    }

    [Fact]
    public async Task ReadsAHelloWithoutEither()
    {
        Assert.True(ClientHello.TryRead(new(await HelloAsync(null)), out var hello));
        Assert.Null(hello!.ServerName);
        Assert.Empty(hello.Protocols);
    }

    /// <summary>Change cipher spec, early data, or anything else (RFC 8446 sections 4.2.10 and 5): what is no hello does not undo the one before it.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(23)]
    [InlineData(0)]
    public async Task DoesNotLookAtWhatFollowsTheHello(byte type)
    {
        byte[] bytes = [.. await HelloAsync("www.example.com"), type, 3, 3, 0, 1, 1];
        Assert.True(ClientHello.TryRead(new(bytes), out var hello));
        Assert.Equal("www.example.com", hello!.ServerName);
    }

    [Fact]
    public async Task WaitsForTheRestWhereverTheHelloIsCut()
    {
        var bytes = await HelloAsync("www.example.com", "acme-tls/1");
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(ClientHello.TryRead(new(bytes.AsMemory(0, length)), out _), $"after {length} bytes");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task ReadsAHelloInManyRecordsAndPieces(int size)
    {
        var message = (await HelloAsync("www.example.com", "acme-tls/1"))[5..];
        var records = message.Chunk(size).SelectMany(part => new byte[] { 22, 3, 1, (byte)(part.Length >> 8), (byte)part.Length }.Concat(part)).ToArray();
        Assert.True(ClientHello.TryRead(Pieces(records, 3), out var hello));
        Assert.Equal("www.example.com", hello!.ServerName);
        Assert.Equal(["acme-tls/1"], hello.Protocols);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0016")]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0001\0")]
    public void KnowsWhatIsNoHello(string text)
    {
        var decided = ClientHello.TryRead(new(System.Text.Encoding.Latin1.GetBytes(text)), out var hello);
        Assert.Null(hello);
        Assert.Equal(text != "\u0016", decided);
    }

    [Fact]
    public void DoesNotWaitForAnEndlessHello()
    {
        var endless = Enumerable.Repeat(new byte[] { 22, 3, 1, 0, 1, 1 }, 20_000).SelectMany(record => record).ToArray();
        Assert.True(ClientHello.TryRead(new(endless), out var hello));
        Assert.Null(hello);
    }

    [Property(MaxTest = 1000)]
    public void NoBytesMakeItFail(byte[] bytes) => ClientHello.TryRead(new(bytes), out _);

    [Property(MaxTest = 300)]
    public Property NoChangedByteMakesItFail() => Prop.ForAll(
        Gen.Choose(0, 10_000).ToArbitrary(), ArbMap.Default.ArbFor<byte>(), (position, value) =>
        {
            var bytes = (byte[])Sample.Value.Clone();
            bytes[position % bytes.Length] = value;
            ClientHello.TryRead(new(bytes), out _);
        });

    private static readonly Lazy<byte[]> Sample = new(() => HelloAsync("www.example.com", "h2").GetAwaiter().GetResult());

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        Piece? first = null, last = null;
        foreach (var part in bytes.Chunk(size))
        {
            last = new Piece(part, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    /// <summary>Keeps what a client writes and ends when it wants to read.</summary>
    private sealed class FirstFlight : Stream
    {
        public MemoryStream Written { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Written.Write(buffer, offset, count);
    }
}
