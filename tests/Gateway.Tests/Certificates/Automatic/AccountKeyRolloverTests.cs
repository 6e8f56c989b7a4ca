using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class AccountKeyRolloverTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly SimulatedTime _time = new();
    private FakeAcmeServer _ca = null!;

    private string KeyPath => new AcmeFolder(_folder.Path).AccountKey(_ca.DirectoryUrl);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions { Time = _time });

    public async ValueTask DisposeAsync()
    {
        await _ca.DisposeAsync();
        _folder.Dispose();
        Assert.Empty(_ca.Violations);
    }

    [Fact]
    public async Task TheRunningGatewayGoesOnWithTheSameAccount()
    {
        await using var gateway = await StartAsync("www.example.com");
        await gateway.SettleAsync();
        var before = await File.ReadAllTextAsync(KeyPath, Token);
        Assert.True(await RolloverAsync());

        var after = await File.ReadAllTextAsync(KeyPath, Token);
        Assert.NotEqual(before, after);
        Assert.Equal(AcmeKey.FromPem(after).Thumbprint, Assert.Single(_ca.Accounts).Thumbprint);
        Assert.False(File.Exists(KeyPath + ".next"));
        gateway.Service.Apply(AutomaticGateway.Options(_folder, [_ca], "www.example.com", "api.example.com"));
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(1), () => gateway.Select("api.example.com")!.Names.Contains("api.example.com"));
        Assert.Single(_ca.Accounts);
    }

    [Fact]
    public async Task AnOrderSoonAfterIsSignedWithTheNewKey()
    {
        await using var gateway = await StartAsync("www.example.com");
        await gateway.SettleAsync();
        Assert.True(await RolloverAsync());
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse("www.example.com"), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(1), () => _ca.OrdersPlaced == 2 && gateway.Answer("www.example.com", dryRun: false) is not null);
        Assert.Null(gateway.Answer("www.example.com", dryRun: false)!.Error);
        Assert.Single(_ca.Accounts);
    }

    [Theory]
    [InlineData(FakeResource.KeyChange)]
    [InlineData(FakeResource.NewAccount)]
    internal async Task WhatStoppedInTheMiddleGoesOnTheNextTime(FakeResource where)
    {
        await using (var gateway = await StartAsync("www.example.com"))
        {
            await gateway.SettleAsync();
        }

        // The CA has changed the key, or not even heard of it, and its answer is lost.
        var before = await File.ReadAllTextAsync(KeyPath, Token);
        _ca.Behaviour.LoseAnswer = resource => resource == where;
        await Assert.ThrowsAsync<AcmeException>(RolloverAsync);
        Assert.Equal(before, await File.ReadAllTextAsync(KeyPath, Token));
        _ca.Behaviour.LoseAnswer = null;

        Assert.True(await RolloverAsync());
        Assert.Equal(AcmeKey.FromPem(await File.ReadAllTextAsync(KeyPath, Token)).Thumbprint, Assert.Single(_ca.Accounts).Thumbprint);
    }

    [Fact]
    public async Task WithoutAnAccountThereIsNothingToDo()
    {
        Assert.False(await RolloverAsync());
        Assert.Equal(0, _ca.Requests(FakeResource.KeyChange));
    }

    private Task<AutomaticGateway> StartAsync(params string[] names) =>
        AutomaticGateway.StartAsync(_folder.Path, AutomaticGateway.Options(_folder, [_ca], names), _time);

    private async Task<bool> RolloverAsync()
    {
        using var http = AcmeHttp.CreateClient(_ca.Roots);
        return await AccountKeyRollover.RunAsync(await AcmeClient.ConnectAsync(http, _ca.DirectoryUrl, TimeProvider.System, Token), KeyPath, Token);
    }
}
