using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Gateway.Hosting.Transport;
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
        var input = _connection.Transport.Input;
        using var cancellation = new CancellationTokenSource();
        var reading = input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);

        await _client.SendAsync("after"u8.ToArray(), Token);

        var read = await input.ReadAsync(Token);
        Assert.Equal("after"u8.ToArray(), read.Buffer.ToArray());
        input.AdvanceTo(read.Buffer.End);
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
}
