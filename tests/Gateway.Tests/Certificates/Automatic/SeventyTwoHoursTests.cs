using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>Three days in which the CA is of no use, beginning when a certificate is due for renewal.</summary>
public sealed class SeventyTwoHoursTests : IAsyncLifetime
{
    private const string Name = "www.example.com";

    private readonly TestFolder _folder = new();
    private readonly SimulatedTime _time = new();
    private FakeAcmeServer _ca = null!;

    public async ValueTask InitializeAsync() => _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions { Time = _time });

    public async ValueTask DisposeAsync()
    {
        await _ca.DisposeAsync();
        _folder.Dispose();
        Assert.Empty(_ca.Violations);
    }

    [Fact]
    public Task TheCaIsDown() => OutliveAsync(behaviour => behaviour.IsDown = true, behaviour => behaviour.IsDown = false);

    [Fact]
    public Task TheCaAnswersWithErrors() => OutliveAsync(
        behaviour => behaviour.Refuse = _ => new FakeRefusal(503, "serverInternal", "down for maintenance"),
        behaviour => behaviour.Refuse = null);

    [Fact]
    public Task TheCaLimitsRates() => OutliveAsync(
        behaviour => behaviour.Refuse = resource => resource == FakeResource.NewOrder ? FakeRefusal.RateLimited("too many orders", "600") : null,
        behaviour => behaviour.Refuse = null);

    [Fact]
    public Task TheCaLimitsRatesWithoutSayingUntilWhen() => OutliveAsync(
        behaviour => behaviour.Refuse = resource => resource == FakeResource.NewOrder ? new FakeRefusal(429, "rateLimited", "too many orders") : null,
        behaviour => behaviour.Refuse = null);

    [Fact]
    public Task EveryIssuanceFails() => OutliveAsync(
        behaviour => behaviour.IssuanceFailure = new FakeRefusal(500, "serverInternal", "the signer is down"),
        behaviour => behaviour.IssuanceFailure = null);

    [Fact]
    public async Task NineOfTenNoncesAreRejected()
    {
        await using var gateway = await StartDueAsync(_ => _ca.Behaviour.RejectNoncesPercent = 90);
        var orders = _ca.OrdersPlaced;
        await gateway.PassAsync(TimeSpan.FromHours(72), () => Assert.True(gateway.Select(Name)!.IsValidAt(_time.GetUtcNow())));
        Assert.Equal(orders + 1, _ca.OrdersPlaced);
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    private async Task OutliveAsync(Action<FakeAcmeBehaviour> fail, Action<FakeAcmeBehaviour> recover)
    {
        var orders = new List<DateTimeOffset>();
        await using var gateway = await StartDueAsync(behaviour =>
        {
            fail(behaviour);
            behaviour.Hold = (resource, _) =>
            {
                if (resource == FakeResource.NewOrder && !_ca.Behaviour.IsDown)
                {
                    lock (orders)
                    {
                        orders.Add(_time.GetUtcNow());
                    }
                }

                return Task.CompletedTask;
            };
        });

        // 1. The old certificate all the time, and at most one order an hour.
        var old = gateway.Select(Name)!;
        await gateway.PassAsync(TimeSpan.FromHours(72), () => Assert.Same(old, gateway.Select(Name)));
        var state = gateway.State(Name);
        Assert.True(state.Failures > 10, $"{state.Failures} attempts");
        Assert.NotNull(state.LastError);
        for (var i = 1; i < orders.Count; i++)
        {
            Assert.True(orders[i] - orders[i - 1] >= TimeSpan.FromHours(1), $"orders at {orders[i - 1]} and {orders[i]}");
        }

        // 2. Recovery by itself.
        recover(_ca.Behaviour);
        await gateway.PassUntilAsync(TimeSpan.FromHours(8), () => gateway.Select(Name) != old);
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    private async Task<AutomaticGateway> StartDueAsync(Action<FakeAcmeBehaviour> fail)
    {
        _ca.Behaviour.RenewalWindow = certificate => (certificate.NotBefore.ToUniversalTime().AddDays(60), certificate.NotBefore.ToUniversalTime().AddDays(61));
        var gateway = await AutomaticGateway.StartAsync(_folder.Path, AutomaticGateway.Options(_folder, [_ca], Name), _time);
        await gateway.SettleAsync();
        Assert.NotNull(gateway.Select(Name));
        fail(_ca.Behaviour);
        _time.Set(TimeSpan.FromDays(61));
        return gateway;
    }
}
