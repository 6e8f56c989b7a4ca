using System.Net;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Boundary.Limits;

public sealed class SlowStartTests
{
    private static readonly IPEndPoint Client = new(IPAddress.Parse("203.0.113.7"), 40_000);

    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource> _served = [];
    private readonly TestConnection _connection = new();
    private readonly SlowStart _limit;

    public SlowStartTests()
    {
        var options = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] };
        var configuration = new CurrentConfiguration(TestConfiguration.ForService("http://127.0.0.1:1") with { Gateway = options });
        _limit = new SlowStart(_ => ServeAsync(), configuration, new AbortedRequests(configuration, _time, new LimitLog(_time, NullLogger<LimitLog>.Instance)), _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SixteenAreServedAtOnceAndOneMoreForEachThatEndsWell()
    {
        var asked = Ask(20);
        Assert.Equal(16, _served.Count);

        _served[0].SetResult();
        await asked[0];

        await ServedAsync(17);
        Ask(1);
        await ServedAsync(18);
    }

    [Fact]
    public async Task WhoWaitsIsServedAfterASecondAtTheLatest()
    {
        Ask(20);
        _time.Advance(TimeSpan.FromSeconds(0.99));
        Assert.Equal(16, _served.Count);

        _time.Advance(TimeSpan.FromSeconds(0.01));

        await ServedAsync(20);
        Ask(1);
        Assert.Equal(20, _served.Count);
    }

    [Fact]
    public async Task WhatTheClientAbortsWhileItWaitsIsNeverServed()
    {
        var first = Ask(16);
        using var aborted = new CancellationTokenSource();
        var asked = Ask(50, aborted);

        await aborted.CancelAsync();

        await Task.WhenAll(asked);
        Assert.Equal(16, _served.Count);
        _served[0].SetResult();
        await first[0];
        Ask(2);
        await ServedAsync(18);
    }

    [Fact]
    public async Task WhatTheClientAbortsEarnsNothing()
    {
        using var aborted = new CancellationTokenSource();
        var asked = Ask(16, aborted);
        await aborted.CancelAsync();
        _served.ForEach(answer => answer.SetResult());
        await Task.WhenAll(asked);

        Ask(20);

        Assert.Equal(32, _served.Count);
    }

    [Theory]
    [InlineData("HTTP/2", "10.1.2.3")]
    [InlineData("HTTP/1.1", "203.0.113.7")]
    public void AProxyOfOursAndWhatComesOneByOneWaitForNothing(string protocol, string peer)
    {
        _connection.RemoteEndPoint = new IPEndPoint(IPAddress.Parse(peer), 40_000);

        Ask(100, protocol: protocol);

        Assert.Equal(100, _served.Count);
    }

    [Fact]
    public void EachConnectionEarnsForItself()
    {
        Ask(20);

        _ = _limit.InvokeAsync(Request(new TestConnection(), "HTTP/2", Token));

        Assert.Equal(17, _served.Count);
    }

    [Fact]
    public async Task HoldsForARealConnection()
    {
        using var came = new SemaphoreSlim(0);
        await using var service = await TestService.StartAsync(context =>
        {
            came.Release();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Token);
        var begun = TimeProvider.System.GetTimestamp();

        for (var round = 0; round < 17; round++)
        {
            await adversary.SendAsync(Http2Attacks.Round("window of nothing", round, "/"), Token);
        }

        for (var i = 0; i < 17; i++)
        {
            await came.WaitAsync(Token);
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 0.99, double.MaxValue);
    }

    private Task[] Ask(int count, CancellationTokenSource? aborting = null, string protocol = "HTTP/2") =>
        [.. Enumerable.Range(0, count).Select(_ => _limit.InvokeAsync(Request(_connection, protocol, aborting?.Token ?? Token)))];

    private static DefaultHttpContext Request(TestConnection connection, string protocol, CancellationToken aborted)
    {
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.Request.Protocol = protocol;
        context.Features.Set<IConnectionItemsFeature>(connection);
        context.Features.Set<IConnectionEndPointFeature>(connection);
        return context;
    }

    private async Task ServeAsync()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_served)
        {
            _served.Add(answer);
        }

        await answer.Task;
    }

    private async Task ServedAsync(int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            lock (_served)
            {
                if (_served.Count == count)
                {
                    return;
                }

                Assert.InRange(_served.Count, 0, count);
            }

            // Who has waited looks once more whether its connection still stands.
            _time.Advance(TimeSpan.FromMilliseconds(2));
            await Task.Delay(1, limit.Token);
        }
    }

    private sealed class TestConnection : IConnectionItemsFeature, IConnectionEndPointFeature
    {
        public IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

        public EndPoint? LocalEndPoint { get; set; }

        public EndPoint? RemoteEndPoint { get; set; } = Client;
    }
}
