using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Hosting.Transport;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Tests.Hosting.Transport;

public sealed class SocketConnectionTests : IAsyncDisposable
{
    private readonly Socket _client;
    private readonly SocketConnection _connection;

    public SocketConnectionTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _client.Connect(listener.LocalEndPoint!);
        _connection = new SocketConnection(listener.Accept());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task WhatIsLookedAtButNotTakenStaysHoweverMuchItBecomes()
    {
        var sent = new byte[300_000];
        new Random(1).NextBytes(sent);
        var sending = _client.SendAsync(sent, Token).AsTask();

        var input = _connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(Token);
            if (read.Buffer.Length == sent.Length)
            {
                Assert.Equal(sent, read.Buffer.ToArray());
                input.AdvanceTo(read.Buffer.End);
                break;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        await sending;
        Assert.False(input.TryRead(out _));
    }

    [Fact]
    public async Task EveryByteComesOnceAndInOrderWhenTheReaderTakesBitByBit()
    {
        var sent = new byte[1_000_000];
        new Random(2).NextBytes(sent);
        var sending = _client.SendAsync(sent, Token).AsTask();

        var received = new List<byte>();
        while (received.Count < sent.Length)
        {
            var read = await _connection.Transport.Input.ReadAsync(Token);
            var part = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, 7_001));
            received.AddRange(part.ToArray());
            _connection.Transport.Input.AdvanceTo(part.End);
        }

        await sending;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task TheClientsEndIsNoticedWhileNobodyReads()
    {
        var closed = new TaskCompletionSource();
        using var registration = _connection.ConnectionClosed.Register(closed.SetResult);
        Assert.False(_connection.Transport.Input.TryRead(out _));

        await _client.SendAsync(new byte[10], Token);
        _client.Shutdown(SocketShutdown.Send);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        var read = await _connection.Transport.Input.ReadAsync(Token);
        Assert.Equal(10, read.Buffer.Length);
        Assert.True(read.IsCompleted);
        _connection.Transport.Input.AdvanceTo(read.Buffer.End);
    }

    [Fact]
    public async Task AReadThatWasCanceledLosesNothing()
    {
        using var cancellation = new CancellationTokenSource();
        var reading = _connection.Transport.Input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);

        await ReadAsync("after", "after");
    }

    [Fact]
    public async Task AnAbortEndsTheReadThatWaits()
    {
        var reading = _connection.Transport.Input.ReadAsync(Token).AsTask();

        _connection.Abort(new ConnectionAbortedException("by the test"));

        var exception = await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading);
        Assert.Equal("by the test", exception.Message);
    }

    [Fact]
    public async Task AWriteAfterAnAbortSaysThatNobodyReads()
    {
        _connection.Abort(new ConnectionAbortedException("by the test"));

        var flushed = await _connection.Transport.Output.WriteAsync("late"u8.ToArray(), Token);

        Assert.True(flushed.IsCompleted);
    }

    [Fact]
    public async Task WhatWasWrittenInPartsArrivesBeforeTheEnd()
    {
        var output = _connection.Transport.Output;
        "in "u8.CopyTo(output.GetSpan(3));
        output.Advance(3);
        await output.WriteAsync("parts"u8.ToArray(), Token);
        output.Write(" and more"u8);

        await _connection.DisposeAsync();

        using var stream = new NetworkStream(_client);
        using var reader = new StreamReader(stream);
        Assert.Equal("in parts and more", await reader.ReadToEndAsync(Token));
    }

    [Fact]
    public async Task WhoTakesTheConnectionGetsWhatWasNotReadAndThenWhatComes()
    {
        await ReadAsync("head", "head and rest");

        var raw = (await _connection.TakeAsync())!;
        Assert.Equal(" and rest"u8.ToArray(), raw.Rest.ToArray());
        await _client.SendAsync("later"u8.ToArray(), Token);

        var buffer = new byte[100];
        int received;
        while ((received = raw.Channel.TryReceive(buffer)) < 0)
        {
            await raw.Socket.WaitForBytesAsync(Token);
        }

        Assert.Equal("later"u8.ToArray(), buffer[..received]);
        await raw.Channel.SendAsync("answer"u8.ToArray(), Token);
        Assert.Equal(6, await _client.ReceiveAsync(buffer, Token));
    }

    [Fact]
    public async Task AConnectionWithSomebodyInBetweenIsNotGivenAway()
    {
        await ReadAsync("head", "head");
        var (input, output) = (_connection.Transport.Input, _connection.Transport.Output);
        _connection.Transport = new ReplacedTransport(PipeReader.Create(input.AsStream()), output);

        Assert.Null(await _connection.TakeAsync());

        await _client.SendAsync("goes on"u8.ToArray(), Token);
        var read = await input.ReadAsync(Token);
        Assert.Equal("goes on"u8.ToArray(), read.Buffer.ToArray());
        input.AdvanceTo(read.Buffer.End);
    }

    // Its wake comes while the reader asks the socket, which takes it for news of its own.
    [Fact]
    public async Task AReaderThatIsStoppedWhileItReceivesEnds()
    {
        var socket = new SocketWithoutNews(_client);
        var reader = new SocketReader(socket, socket, _connection);
        Assert.False(reader.TryRead(out _));
        socket.OnReceive = reader.Stop;

        await reader.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(10), Token);

        Assert.True(reader.IsStopped);
    }

    [Fact]
    public async Task AnAbortEndsAConnectionThatWasGivenAway()
    {
        await ReadAsync("head", "head");
        var raw = (await _connection.TakeAsync())!;
        Assert.Equal(-1, raw.Channel.TryReceive(new byte[1]));
        var waiting = raw.Socket.WaitForBytesAsync(Token);
        var closed = new TaskCompletionSource();
        using var registration = _connection.ConnectionClosed.Register(closed.SetResult);

        _connection.Abort(new ConnectionAbortedException("by the test"));

        await waiting;
        Assert.Throws<ObjectDisposedException>(() => raw.Channel.TryReceive(new byte[1]));
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task TheEndOfAConnectionThatWasGivenAwayIsToldBeforeItIsRead()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere nobody is told");
        await ReadAsync("head", "head");
        var raw = (await _connection.TakeAsync())!;
        var told = new TaskCompletionSource();
        raw.Socket.TellEnd(() => told.TrySetResult());
        await _client.SendAsync("last words"u8.ToArray(), Token);

        _client.Shutdown(SocketShutdown.Send);

        await told.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal(10, raw.Channel.TryReceive(new byte[100]));
        Assert.Equal(0, raw.Channel.TryReceive(new byte[100]));
    }

    /// <summary>Has the client send something, of which the connection's user takes the beginning.</summary>
    private async Task ReadAsync(string expected, string sent)
    {
        await _client.SendAsync(Encoding.ASCII.GetBytes(sent), Token);
        var input = _connection.Transport.Input;
        var read = await input.ReadAtLeastAsync(sent.Length, Token);
        var head = read.Buffer.Slice(0, expected.Length);
        Assert.Equal(Encoding.ASCII.GetBytes(expected), head.ToArray());
        input.AdvanceTo(head.End);
    }

    private sealed class SocketWithoutNews(Socket socket) : PolledSocket(socket)
    {
        private readonly TaskCompletionSource _never = new();
        private bool _isAwake;

        public Action? OnReceive { get; set; }

        public override bool IsDrained => !_isAwake;

        public override bool HasUnread => false;

        public override bool GoesOnInLoop { get; set; }

        public override ValueTask WaitForBytesAsync(CancellationToken cancellationToken) => new(_isAwake ? Task.CompletedTask : _never.Task);

        public override void Wake() => _isAwake = true;

        public override int TryReceive(Span<byte> buffer)
        {
            OnReceive!();
            _isAwake = false;
            return -1;
        }

        public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
