using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Gateway.Platform.Sockets;

namespace Gateway.Tests.Platform.Sockets;

public sealed class PolledSocketTests : IDisposable
{
    private readonly Socket _peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly PolledSocket _socket;

    public PolledSocketTests()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _peer.Connect(listener.LocalEndpoint);
        _socket = PolledSocket.Over(listener.AcceptSocket());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _socket.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task NoWakeUpIsLostHoweverTheSendersMomentFalls()
    {
        const int Messages = 20_000;
        var sending = Task.Run(() =>
        {
            for (var i = 0; i < Messages; i++)
            {
                _peer.Send([(byte)i]);
                Thread.SpinWait(i % 500);
            }
        }, Token);

        var buffer = new byte[100];
        for (var received = 0; received < Messages;)
        {
            var count = await ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30), Token);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal((byte)(received + i), buffer[i]);
            }

            received += count;
        }

        await sending;
    }

    [Fact]
    public async Task WhatComesWithTheEndIsThereBeforeTheEnd()
    {
        _peer.Send("last words"u8);
        _peer.Shutdown(SocketShutdown.Send);

        var buffer = new byte[100];
        Assert.Equal(10, await ReceiveAsync(buffer));
        Assert.Equal(0, await ReceiveAsync(buffer));
    }

    [Fact]
    public async Task AWaitThatIsCancelledLeavesTheNextOneWhole()
    {
        Assert.Equal(-1, _socket.TryReceive(new byte[1]));
        using var cancellation = new CancellationTokenSource();
        var waiting = _socket.WaitForBytesAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);

        var receiving = ReceiveAsync(new byte[10]);
        _peer.Send("x"u8);

        Assert.Equal(1, await receiving.WaitAsync(TimeSpan.FromSeconds(10), Token));
    }

    [Fact]
    public async Task WhoeverWaitsFindsOutThatItIsClosed()
    {
        Assert.Equal(-1, _socket.TryReceive(new byte[1]));
        var receiving = ReceiveAsync(new byte[1]);

        _socket.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(10), Token));
    }

    [Fact]
    public async Task ASendWaitsForRoomAndGoesOn()
    {
        var sent = new byte[30_000_000];
        new Random(1).NextBytes(sent);
        var sending = _socket.SendAsync(sent, Token).AsTask();

        var received = new byte[sent.Length];
        for (var total = 0; total < received.Length;)
        {
            total += await _peer.ReceiveAsync(received.AsMemory(total), Token);
        }

        await sending;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task UnreadBytesAndTheOtherSidesEndAreSeenWithoutBeingTaken()
    {
        Assert.False(_socket.HasUnread);
        _peer.Send("x"u8);
        await UnreadAsync();
        Assert.Equal(1, await ReceiveAsync(new byte[10]));
        Assert.False(_socket.HasUnread);

        _peer.Shutdown(SocketShutdown.Send);
        await UnreadAsync();
        Assert.Equal(0, await ReceiveAsync(new byte[10]));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task AConnectionThatIsRefusedIsSaidToBe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET connects");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        var failure = await Assert.ThrowsAsync<SocketException>(async () => await LinuxPolledSocket.ConnectAsync(socket, listener.LocalEndPoint!, Token));

        Assert.Equal(SocketError.ConnectionRefused, failure.SocketErrorCode);
    }

    private async Task UnreadAsync()
    {
        for (var i = 0; !_socket.HasUnread; i++)
        {
            Assert.True(i < 1000, "nothing unread after 10 s");
            await Task.Delay(10, Token);
        }
    }

    private async Task<int> ReceiveAsync(Memory<byte> buffer)
    {
        int received;
        while ((received = _socket.TryReceive(buffer.Span)) < 0)
        {
            await _socket.WaitForBytesAsync(Token);
        }

        return received;
    }
}
