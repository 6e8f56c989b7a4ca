using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxying;

/// <summary>The gateway's own close against everything that may happen in that moment, one step after the other.</summary>
public sealed class WebSocketClientTests
{
    private const int Restart = WebSocketCloseFrame.ServiceRestart;
    private static readonly byte[] CloseForClient = WebSocketCloseFrame.Create(Restart, "service restart", masked: false);
    private static readonly byte[] AnswerOfService = [0x88, 2, 0x03, 0xE8];
    private static readonly byte[] AnswerOfClient = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8];
    private static readonly byte[] MessageOfClient = [0x82, 0x81, 0, 0, 0, 0, 1];
    private static readonly byte[] Message = [0x82, 3, 1, 2, 3];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The client: it sends nothing before the close, and may stop reading. What ends its read runs on in the same step.</summary>
    private sealed class SilentClient : AsynchronousStream
    {
        private TaskCompletionSource<int> _read = new();
        private Memory<byte> _buffer;

        /// <summary>What it sends in the moment in which it gets the close frame; empty to end its connection.</summary>
        public byte[]? Answer { get; set; }

        public List<byte> Received { get; } = [];

        public bool Ended { get; private set; }

        public TaskCompletionSource? Stall { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            (_read, _buffer) = (new(), buffer);
            await using var registration = cancellationToken.Register(() => _read.TrySetCanceled(cancellationToken));
            return await _read.Task;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ObjectDisposedException.ThrowIf(Ended, this);
            if (Stall is not null)
            {
                await Stall.Task;
            }

            Received.AddRange(buffer.Span);
            if (Answer is not null && buffer.Span.SequenceEqual(CloseForClient))
            {
                Send(Answer);
            }
        }

        public void Send(byte[] bytes)
        {
            bytes.CopyTo(_buffer);
            _read.SetResult(bytes.Length);
        }

        public override ValueTask DisposeAsync()
        {
            Ended = true;
            return base.DisposeAsync();
        }

        public override void Flush()
        {
        }
    }

    private sealed class Upgrade(Func<Task<Stream>> upgrade) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public Task<Stream> UpgradeAsync() => upgrade();
    }

    private static async Task<(WebSocketTunnel Tunnel, WebSocketClient Client)> OpenAsync(SilentClient client)
    {
        var tunnel = Attach(() => Task.FromResult<Stream>(client));
        await ((IHttpUpgradeFeature)tunnel).UpgradeAsync();
        return (tunnel, await tunnel.Opened);
    }

    /// <summary>The tunnel of a request whose client's side is what the upgrade gives.</summary>
    internal static WebSocketTunnel Attach(Func<Task<Stream>> upgrade, TimeProvider? time = null)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade));
        context.Request.Method = "GET";
        context.Request.Headers.Upgrade = "websocket";
        context.Request.Headers.SecWebSocketVersion = "13";
        context.Request.Headers.SecWebSocketKey = Convert.ToBase64String(new byte[16]);
        return WebSocketTunnel.TryAttach(context, new OpenWebSockets(), time ?? TimeProvider.System, (_, _) => { })!;
    }

    private static async Task ReadCloseAsync(WebSocketClient relayed)
    {
        var buffer = new byte[200];
        var read = await relayed.ReadAsync(buffer, Cancellation);
        Assert.Equal(0x88, buffer[0]);
        Assert.Equal(4 + CloseForClient.Length, read);
    }

    [Fact]
    public async Task AServiceThatAnswersAtOnceDoesNotHideTheGatewaysCode()
    {
        var client = new SilentClient();
        var (tunnel, relayed) = await OpenAsync(client);
        async Task AnswerAsync()
        {
            await ReadCloseAsync(relayed);
            await relayed.WriteAsync(AnswerOfService, Cancellation);
        }

        var service = AnswerAsync();
        await tunnel.CloseAsync(Restart, "service restart", Cancellation);
        await service;

        Assert.Equal(CloseForClient, client.Received);
        Assert.Equal(Restart, tunnel.CloseCode);
    }

    public static TheoryData<byte[]> AnswersOfClient => new(
        AnswerOfClient,
        [.. MessageOfClient, .. AnswerOfClient],
        []);

    [Theory]
    [MemberData(nameof(AnswersOfClient))]
    public async Task AClientThatAnswersOrLeavesAtOnceDoesNotHideTheGatewaysCode(byte[] answer)
    {
        var client = new SilentClient { Answer = answer };
        var (tunnel, relayed) = await OpenAsync(client);

        var service = ReadCloseAsync(relayed);
        await tunnel.CloseAsync(Restart, "service restart", Cancellation);
        await service;

        Assert.Equal(CloseForClient, client.Received);
        Assert.False(tunnel.Cancellation.IsCancellationRequested);
    }

    [Fact]
    public async Task TheConnectionEndsWhenTheClientHasAnsweredAlsoIfTheServiceLeavesAtOnce()
    {
        var client = new SilentClient();
        var (tunnel, relayed) = await OpenAsync(client);
        async Task LeaveAsync()
        {
            await ReadCloseAsync(relayed);
            await relayed.DisposeAsync();
            await tunnel.EndAsync(ForwarderError.None);
        }

        var service = LeaveAsync();
        await tunnel.CloseAsync(Restart, "service restart", Cancellation);

        Assert.Equal(CloseForClient, client.Received);
        client.Send(MessageOfClient);
        Assert.False(client.Ended);
        client.Send(AnswerOfClient[..3]);
        Assert.False(client.Ended);
        client.Send(AnswerOfClient[3..]);
        await service;
        Assert.True(client.Ended);
    }

    [Fact]
    public async Task AFrameThatHasBegunIsFinishedBeforeTheClose()
    {
        var client = new SilentClient();
        var (tunnel, relayed) = await OpenAsync(client);
        await relayed.WriteAsync(Message.AsMemory(0, 3), Cancellation);
        async Task FinishAsync()
        {
            await ReadCloseAsync(relayed);
            await relayed.WriteAsync((byte[])[.. Message[3..], .. Message, .. AnswerOfService], Cancellation);
        }

        var service = FinishAsync();
        await tunnel.CloseAsync(Restart, "service restart", Cancellation);
        await service;

        Assert.Equal([.. Message, .. CloseForClient], client.Received);
    }

    [Fact]
    public async Task AClientThatDoesNotReadDoesNotKeepTheCloseFromTheService()
    {
        var client = new SilentClient { Stall = new TaskCompletionSource() };
        var (tunnel, relayed) = await OpenAsync(client);
        var writing = relayed.WriteAsync(Message, Cancellation);
        var service = ReadCloseAsync(relayed);

        var closing = tunnel.CloseAsync(Restart, "service restart", Cancellation);
        await service;
        Assert.False(closing.IsCompleted);
        client.Stall.SetResult();
        await writing;

        // At the latest with what is being written: the service may be gone by then.
        Assert.Equal([.. Message, .. CloseForClient], client.Received);
        await closing;
        Assert.Equal([.. Message, .. CloseForClient], client.Received);
    }

    [Fact]
    public async Task ACallThatIsClosedWhileItOpensGetsItsCloseToo()
    {
        var client = new SilentClient();
        WebSocketTunnel tunnel = null!;
        var closing = Task.CompletedTask;
        tunnel = Attach(() =>
        {
            closing = tunnel.CloseAsync(Restart, "service restart", Cancellation);
            return Task.FromResult<Stream>(client);
        });

        await ((IHttpUpgradeFeature)tunnel).UpgradeAsync();
        await ReadCloseAsync(await tunnel.Opened);
        await closing;

        Assert.Equal(CloseForClient, client.Received);
    }

    [Fact]
    public async Task WhoClosesACallThatNeverOpensDoesNotWait()
    {
        var tunnel = Attach(() => Task.FromException<Stream>(new IOException("The client has gone.")));

        var closing = tunnel.CloseAsync(Restart, "service restart", Cancellation);
        await Assert.ThrowsAsync<IOException>(((IHttpUpgradeFeature)tunnel).UpgradeAsync);
        tunnel.Dispose();

        await closing.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }
}
