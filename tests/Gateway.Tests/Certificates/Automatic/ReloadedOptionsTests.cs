using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Tests.Acme.Fake;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>What becomes of names and certificates when the options change under a running gateway.</summary>
public sealed class ReloadedOptionsTests : IAsyncLifetime
{
    private const string Name = "www.example.com";
    private const string Added = "api.example.com";

    private readonly TestFolder _folder = new();
    private readonly SimulatedTime _time = new();
    private FakeAcmeServer _ca = null!;
    private FakeAcmeServer _other = null!;

    public async ValueTask InitializeAsync()
    {
        _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions { Time = _time });
        _other = await FakeAcmeServer.StartAsync(new FakeAcmeOptions { Time = _time });
    }

    public async ValueTask DisposeAsync()
    {
        await _ca.DisposeAsync();
        await _other.DisposeAsync();
        _folder.Dispose();
        Assert.Empty(_ca.Violations);
        Assert.Empty(_other.Violations);
    }

    [Fact]
    public async Task AnAddedNameGetsACertificateAndTheOthersKeepTheirs()
    {
        await using var gateway = await StartAsync(Options(_ca, Name));
        await gateway.SettleAsync();
        var first = gateway.Select(Name);
        gateway.Service.Apply(Options(_ca, Name, Added));
        Assert.Same(first, gateway.Select(Name));

        await gateway.SettleAsync();
        Assert.Equal([Added], gateway.Select(Added)!.Names);
        Assert.Same(first, gateway.Select(Name));
        Assert.Equal(2, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task ARemovedNameIsNeitherServedNorRenewed()
    {
        await using var gateway = await StartAsync(Options(_ca, Name, Added));
        await gateway.SettleAsync();
        gateway.Service.Apply(Options(_ca, Name));
        Assert.DoesNotContain(gateway.Served.Table.Certificates, certificate => certificate.Names.Contains(Added));

        _time.Set(TimeSpan.FromDays(80));
        await gateway.PassAsync(TimeSpan.FromHours(14));
        Assert.Equal(3, _ca.OrdersPlaced); // the two, and the renewal of the one that is left
        Assert.Equal(Name, _ca.Orders[^1].Identifiers[0].Value);

        // Its files are kept: with the name comes its certificate back.
        gateway.Service.Apply(Options(_ca, Name, Added));
        Assert.Contains(gateway.Served.Table.Certificates, certificate => certificate.Names.Contains(Added));
    }

    [Fact]
    public async Task TheFirstNameMayComeAndTheLastMayGo()
    {
        await using var gateway = await StartAsync(null);
        await gateway.SettleAsync();
        Assert.False(Directory.Exists(_folder["acme"]));

        gateway.Service.Apply(Options(_ca, Name));
        await gateway.SettleAsync();
        Assert.NotNull(gateway.Select(Name));

        gateway.Service.Apply(null);
        Assert.Empty(gateway.Served.Table.Certificates);
        await gateway.PassAsync(TimeSpan.FromDays(1));
        Assert.Equal(1, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task AnotherCaIsAskedWhileTheCertificateOfTheFirstServesOn()
    {
        await using var gateway = await StartAsync(Options(_ca, Name));
        await gateway.SettleAsync();
        var first = gateway.Select(Name);
        _other.Behaviour.IsDown = true;
        gateway.Service.Apply(Options(_other, Name));
        await gateway.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Same(first, gateway.Select(Name));

        _other.Behaviour.IsDown = false;
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => gateway.Select(Name) != first);
        Assert.Equal((1, 1), (_ca.OrdersPlaced, _other.OrdersPlaced));
        Assert.Equal(_other.DirectoryUrl, gateway.State(Name).Issuer);
        Assert.Single(gateway.Served.Table.Certificates);
    }

    [Fact]
    public async Task AnOrderUnderWayEndsAsItBeganAndTheNextFollowsTheNewOptions()
    {
        var (reached, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _ca.Behaviour.Hold = async (resource, token) =>
        {
            if (resource == FakeResource.Finalize)
            {
                reached.TrySetResult();
                await go.Task.WaitAsync(token);
            }
        };
        await using var gateway = await StartAsync(Options(_ca, Name));
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(1), () => reached.Task.IsCompleted);

        gateway.Service.Apply(Options(_ca, Name, Added) with { KeyAlgorithm = "ES384" });
        go.SetResult();
        await gateway.SettleAsync();
        await gateway.SettleAsync();
        Assert.Equal(2, _ca.OrdersPlaced);
        Assert.Equal((256, 384), (KeySize(gateway, Name), KeySize(gateway, Added)));
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    [Fact]
    public async Task OtherOptionsAreTriedAtOnceAfterFailures()
    {
        _ca.Behaviour.IsDown = true;
        await using var gateway = await StartAsync(Options(_ca, Name));
        await gateway.PassAsync(TimeSpan.FromHours(10));
        Assert.True(gateway.State(Name).Failures > 3);

        gateway.Service.Apply(Options(_other, Name));
        await gateway.SettleAsync();
        Assert.NotNull(gateway.Select(Name));
    }

    [Fact]
    public async Task SaysThatTheCheckPeriodHasNoEffect()
    {
        await using var gateway = await StartAsync(Options(_ca, Name) with { RenewalCheckPeriod = TimeSpan.FromDays(7) });
        Assert.Contains(gateway.Log.All, line => line.Level == LogLevel.Warning && line.Message.Contains("RenewalCheckPeriod 7.00:00:00 has no effect"));
    }

    private AcmeOptions Options(FakeAcmeServer ca, params string[] names) => AutomaticGateway.Options(_folder, [ca], names);

    private Task<AutomaticGateway> StartAsync(AcmeOptions? options) => AutomaticGateway.StartAsync(_folder.Path, options, _time);

    private static int KeySize(AutomaticGateway gateway, string name)
    {
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPublicKey(gateway.Select(name)!.Leaf);
        return key!.KeySize;
    }
}
