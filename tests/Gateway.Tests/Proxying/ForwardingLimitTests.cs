using Gateway.Proxying;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxying;

public sealed class ForwardingLimitTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly ForwardingLimit.Pool _pool;

    public ForwardingLimitTests() => _pool = new ForwardingLimit.Pool(_time);

    [Fact]
    public void EndsWhenNothingMovesForSoLong()
    {
        using var limit = Begin(Minute);

        AssertEndsInAMinute(limit);
        Assert.False(limit.IsGivenUp);
    }

    [Fact]
    public void CountsFromTheLastMove()
    {
        using var limit = Begin(Minute);

        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(40));
            limit.Renew();
        }

        AssertEndsInAMinute(limit);
    }

    [Fact]
    public void TheNextRequestHasAllOfItsTime()
    {
        Begin(Minute).Dispose();
        _time.Advance(TimeSpan.FromSeconds(50));

        using var second = Begin(Minute);
        AssertEndsInAMinute(second);
    }

    [Fact]
    public void TheNextRequestMayHaveLess()
    {
        Begin(Minute).Dispose();

        using var second = Begin(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.True(second.Token.IsCancellationRequested);
    }

    [Fact]
    public void NeverEndsByItselfWithoutALimit()
    {
        Begin(Minute).Dispose();

        using var second = Begin(Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromDays(1));

        Assert.False(second.Token.IsCancellationRequested);
    }

    [Fact]
    public void OneThatHasEndedItsRequestIsNotTakenAgain()
    {
        using var client = new CancellationTokenSource();
        var first = _pool.Begin(Minute, client.Token, CancellationToken.None);
        client.Cancel();
        Assert.True(first.Token.IsCancellationRequested);
        Assert.True(first.IsGivenUp);
        first.Dispose();

        using var second = Begin(Minute);

        Assert.NotSame(first, second);
        Assert.False(second.Token.IsCancellationRequested);
    }

    private void AssertEndsInAMinute(ForwardingLimit limit)
    {
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(limit.Token.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    private ForwardingLimit Begin(TimeSpan silence) => _pool.Begin(silence, CancellationToken.None, CancellationToken.None);
}
