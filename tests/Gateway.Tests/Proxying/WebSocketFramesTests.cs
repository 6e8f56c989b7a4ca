using System.Net.WebSockets;
using FsCheck;
using FsCheck.Xunit;
using Gateway.Proxying;

namespace Gateway.Tests.Proxying;

public sealed class WebSocketFramesTests
{
    /// <summary>What a WebSocket implementation that is not ours puts on the wire.</summary>
    private static async Task<byte[]> WireAsync(bool isServer, int[] messageSizes, WebSocketCloseStatus? close, string? reason)
    {
        using var wire = new MemoryStream();
        using var socket = WebSocket.CreateFromStream(wire, isServer, null, Timeout.InfiniteTimeSpan);
        foreach (var size in messageSizes)
        {
            await socket.SendAsync(new byte[size], WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        if (close is { } code)
        {
            await socket.CloseOutputAsync(code, reason, CancellationToken.None);
        }

        return wire.ToArray();
    }

    private static WebSocketFrames Observe(byte[] wire, int pieceSize)
    {
        var frames = new WebSocketFrames();
        foreach (var piece in wire.Chunk(Math.Max(1, pieceSize)))
        {
            frames.Observe(piece);
        }

        return frames;
    }

    [Property]
    public async Task FindsTheCloseCodeHoweverTheBytesArrive(bool isServer, PositiveInt pieceSize, NonNegativeInt[] sizes)
    {
        int[] messages = [.. sizes.Select(s => s.Get), 125, 126, 65535, 65536];
        var wire = await WireAsync(isServer, messages, WebSocketCloseStatus.PolicyViolation, "because");

        var frames = Observe(wire, pieceSize.Get);

        Assert.Equal(wire.Length, frames.Bytes);
        Assert.True(frames.Closed);
        Assert.Equal(1008, frames.CloseCode);
    }

    [Theory]
    [InlineData(new byte[] { 0x88, 0x00 })]
    [InlineData(new byte[] { 0x88, 0x80, 1, 2, 3, 4 })]
    public void ACloseWithoutACodeHasNone(byte[] wire)
    {
        var frames = Observe(wire, 1);

        Assert.True(frames.Closed);
        Assert.Null(frames.CloseCode);
    }

    [Fact]
    public async Task MessagesAloneDoNotClose()
    {
        var frames = Observe(await WireAsync(true, [0, 1, 70_000], null, null), 1000);

        Assert.False(frames.Closed);
        Assert.Null(frames.CloseCode);
    }

    [Property]
    public void AnyBytesAreCountedAndNoneBreakIt(byte[] bytes, PositiveInt pieceSize) =>
        Assert.Equal(bytes.Length, Observe(bytes, pieceSize.Get).Bytes);

    [Fact]
    public void ALengthBeyond63BitsDoesNotBreakIt()
    {
        byte[] header = [0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3];

        Assert.Equal(header.Length, Observe(header, 5).Bytes);
    }
}
