using System.Threading.Channels;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxying;

public sealed class WebSocketRelayTests : IDisposable
{
    private static readonly byte[] Message = [0x82, 3, 1, 2, 3];
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _time = new();
    private readonly Side _client = new();
    private readonly Side _service = new();
    private readonly CancellationTokenSource _aborted = new();

    public void Dispose()
    {
        _aborted.Dispose();
        _client.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task WhatOneSideSendsTheOtherGets()
    {
        var (_, relaying) = await StartAsync();

        _client.Send(Message);
        _service.Send([.. Message, .. Message]);
        _service.Send([]);

        Assert.Equal(ForwarderError.None, await relaying);
        Assert.Equal(Message, _service.Received);
        Assert.Equal([.. Message, .. Message], _client.Received);
    }

    [Fact]
    public async Task WhoHasNothingYetIsWaitedForAgain()
    {
        var service = new HesitantEnd();
        var tunnel = WebSocketClientTests.Attach(() => Task.FromResult<Stream>(_client), _time);
        await ((IHttpUpgradeFeature)tunnel).UpgradeAsync();
        var relaying = RelayAsync(new WebSocketRelay(tunnel, await tunnel.Opened, service, _time, IdleTimeout, _aborted.Token));

        // Part of a TLS record, then the rest.
        service.Tell([]);
        service.Tell(Message);
        service.Tell(null);

        Assert.Equal(ForwarderError.None, await relaying);
        Assert.Equal(Message, _client.Received);
    }

    [Fact]
    public async Task AClientThatHasSaidItsEndGetsWhatTheServiceStillSends()
    {
        var (_, relaying) = await StartAsync();
        // RFC 6455 section 5.5.1
        _client.Send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]);
        _client.Send([]);
        Assert.False(relaying.IsCompleted);

        _service.Send(Message);
        _service.Send([]);

        Assert.Equal(ForwarderError.None, await relaying);
        Assert.Equal(Message, _client.Received);
    }

    [Fact]
    public async Task AServiceThatBreaksOffIsTheServicesFault()
    {
        var (_, relaying) = await StartAsync();

        _service.Fail();

        Assert.Equal(ForwarderError.UpgradeResponseDestination, await relaying);
    }

    [Fact]
    public async Task AServiceThatTakesNothingMoreIsTheServicesFault()
    {
        var (_, relaying) = await StartAsync();
        _service.IsDeaf = true;

        _client.Send(Message);

        Assert.Equal(ForwarderError.UpgradeRequestDestination, await relaying);
    }

    [Fact]
    public async Task AClientThatTakesNothingMoreIsNotTheServicesFault()
    {
        var (_, relaying) = await StartAsync();
        _client.IsDeaf = true;

        _service.Send(Message);

        Assert.Equal(ForwarderError.UpgradeResponseClient, await relaying);
    }

    [Fact]
    public async Task AClientThatBreaksOffIsNotTheServicesFault()
    {
        var (_, relaying) = await StartAsync();

        _client.Fail();

        Assert.True(await relaying is ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled);
    }

    [Fact]
    public async Task ARequestThatIsAbortedEndsBothSides()
    {
        var (_, relaying) = await StartAsync();

        await _aborted.CancelAsync();

        Assert.True(await relaying is ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled);
    }

    [Fact]
    public async Task SilenceEndsItAndAMessageOfEitherSidePutsThatOff()
    {
        var (relay, relaying) = await StartAsync();

        _time.Advance(IdleTimeout - TimeSpan.FromSeconds(1));
        _client.Send(Message);
        _time.Advance(IdleTimeout - TimeSpan.FromSeconds(1));
        _service.Send(Message);
        _time.Advance(IdleTimeout - TimeSpan.FromSeconds(1));
        Assert.False(relaying.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ForwarderError.UpgradeActivityTimeout, await relaying);
        Assert.Equal(ForwarderError.UpgradeActivityTimeout, relay.Error);
    }

    [Fact]
    public async Task OfTheHandshakeOnlyWhatIsLoggedAtTheEndIsKept()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpUpgradeFeature>(new Upgrade(_client));
        context.Request.Method = "GET";
        var headers = context.Request.Headers;
        (headers.Upgrade, headers.SecWebSocketVersion, headers.SecWebSocketKey) = ("websocket", "13", Convert.ToBase64String(new byte[16]));
        (headers.Cookie, headers.Authorization, headers.Host, headers.UserAgent) = ("session=secret", "Bearer secret", "chat.example.com", "Phone");
        using var tunnel = WebSocketTunnel.TryAttach(context, new OpenWebSockets(), _time, (_, _) => Assert.Equal("session=secret", headers.Cookie))!;

        await ((IHttpUpgradeFeature)tunnel).UpgradeAsync();

        Assert.Equal(["Host", "User-Agent"], headers.Keys.Order());
    }

    private async Task<(WebSocketRelay Relay, Task<ForwarderError> Relaying)> StartAsync()
    {
        var tunnel = WebSocketClientTests.Attach(() => Task.FromResult<Stream>(_client), _time);
        await ((IHttpUpgradeFeature)tunnel).UpgradeAsync();
        var relay = new WebSocketRelay(tunnel, await tunnel.Opened, new StreamEnd(_service, holdsBack: true), _time, IdleTimeout, _aborted.Token);
        return (relay, RelayAsync(relay));
    }

    private static async Task<ForwarderError> RelayAsync(WebSocketRelay relay)
    {
        var (request, response) = relay.Begin();
        await request;
        await response;
        relay.Dispose();
        return relay.Error;
    }

    private sealed class Upgrade(Stream client) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public Task<Stream> UpgradeAsync() => Task.FromResult(client);
    }

    /// <summary>Its news are not always something to read.</summary>
    private sealed class HesitantEnd : ITunnelEnd
    {
        private readonly Channel<byte[]?> _news = Channel.CreateUnbounded<byte[]?>();

        /// <param name="bytes">Empty: nothing yet. Null: the end.</param>
        public void Tell(byte[]? bytes) => Assert.True(_news.Writer.TryWrite(bytes));

        public async ValueTask WaitAsync(CancellationToken cancellationToken) => await _news.Reader.WaitToReadAsync(cancellationToken);

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            Assert.True(_news.Reader.TryRead(out var next));
            next?.CopyTo(buffer);
            return ValueTask.FromResult(next switch { null => 0, [] => -1, _ => next.Length });
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Whoever waits for it goes on in the step in which it sends.</summary>
    private sealed class Side : AsynchronousStream
    {
        private readonly Queue<byte[]> _sent = new();
        private TaskCompletionSource _news = new();

        public List<byte> Received { get; } = [];

        public bool IsDeaf { get; set; }

        public void Send(byte[] bytes)
        {
            _sent.Enqueue(bytes);
            Interlocked.Exchange(ref _news, new()).TrySetResult();
        }

        public void Fail() => _news.TrySetException(new IOException("broken off"));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_sent.Count == 0)
            {
                await _news.Task.WaitAsync(cancellationToken);
            }

            if (buffer.IsEmpty)
            {
                return 0;
            }

            var bytes = _sent.Dequeue();
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsDeaf)
            {
                return ValueTask.FromException(new IOException("takes nothing more"));
            }

            Received.AddRange(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }
    }
}
