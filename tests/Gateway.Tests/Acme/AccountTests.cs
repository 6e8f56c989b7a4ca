using System.Buffers.Text;
using System.Security.Cryptography;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class AccountTests
{
    private const string BindingKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

    private static FakeAcmeOptions Bound => new()
    {
        ExternalAccountKeys = new Dictionary<string, string> { ["kid-1"] = BindingKey },
    };

    [Fact]
    public async Task CreatesAnAccountWithItsContacts()
    {
        await using var session = await AcmeSession.StartAsync();
        var account = await session.CreateAccountAsync();
        var status = await account.ReadAsync(AcmeSession.Token);
        Assert.Equal("valid", status.Status);
        Assert.Equal(["mailto:admin@example.com"], status.Contact);
    }

    [Fact]
    public async Task GetsTheSameAccountForTheSameKey()
    {
        await using var session = await AcmeSession.StartAsync();
        var first = await session.CreateAccountAsync();
        var second = await session.CreateAccountAsync();
        Assert.Equal(first.Url, second.Url);
        Assert.Single(session.Server.Accounts);
    }

    [Fact]
    public async Task FindsTheAccountOfAKey()
    {
        await using var session = await AcmeSession.StartAsync();
        var created = await session.CreateAccountAsync();
        var client = await session.ConnectAsync();
        Assert.Equal(created.Url, (await client.FindAccountAsync(session.Key, AcmeSession.Token)).Url);
    }

    [Fact]
    public async Task FindsNoAccountOfAnUnknownKeyAndCreatesNone()
    {
        await using var session = await AcmeSession.StartAsync();
        var client = await session.ConnectAsync();
        var error = await Assert.ThrowsAsync<AcmeException>(() => client.FindAccountAsync(session.Key, AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.AccountDoesNotExist));
        Assert.Empty(session.Server.Accounts);
    }

    [Fact]
    public async Task SaysWhichTermsHaveToBeAccepted()
    {
        await using var session = await AcmeSession.StartAsync();
        var client = await session.ConnectAsync();
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => client.CreateAccountAsync(session.Key, [], acceptTermsOfService: false, binding: null, AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.UserActionRequired));
        Assert.Contains(client.Directory.Meta.TermsOfService!, error.Message);
    }

    [Fact]
    public async Task SurfacesThatTheCaHasLostTheAccountAndCreatesItAnew()
    {
        await using var session = await AcmeSession.StartAsync();
        var lost = await session.CreateAccountAsync();
        session.Server.ForgetAccounts();

        var error = await Assert.ThrowsAsync<AcmeException>(
            () => AcmeOrderFlow.ObtainAsync(lost, AcmeSession.Order("example.com"), session.Responder, AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.AccountDoesNotExist));
        Assert.False(error.IsTransient);

        Assert.NotEqual(lost.Url, (await session.CreateAccountAsync()).Url);
        await session.ObtainAsync("example.com");
    }

    [Fact]
    public async Task OpensAKnownAccountWithoutARequest()
    {
        await using var session = await AcmeSession.StartAsync();
        var created = await session.CreateAccountAsync();
        var client = await session.ConnectAsync();
        var requests = session.Server.Requests(FakeResource.NewAccount) + session.Server.Requests(FakeResource.Account);

        var account = client.OpenAccount(session.Key, created.Url);
        Assert.Equal(requests, session.Server.Requests(FakeResource.NewAccount) + session.Server.Requests(FakeResource.Account));
        Assert.Equal("valid", (await account.ReadAsync(AcmeSession.Token)).Status);
    }

    [Fact]
    public async Task BindsTheAccountToACustomer()
    {
        await using var session = await AcmeSession.StartAsync(Bound);
        var client = await session.ConnectAsync();
        Assert.True(client.Directory.Meta.ExternalAccountRequired);
        await client.CreateAccountAsync(session.Key, [], true, new ExternalAccountBinding("kid-1", BindingKey), AcmeSession.Token);
        Assert.Equal("kid-1", session.Server.Accounts[0].ExternalKeyId);
    }

    [Fact]
    public async Task SaysThatABindingIsMissing()
    {
        await using var session = await AcmeSession.StartAsync(Bound);
        var error = await Assert.ThrowsAsync<AcmeException>(session.CreateAccountAsync);
        Assert.True(error.Is(AcmeProblem.ExternalAccountRequired));
    }

    [Fact]
    public async Task SaysThatABindingIsWrong()
    {
        await using var session = await AcmeSession.StartAsync(Bound);
        var client = await session.ConnectAsync();
        var binding = new ExternalAccountBinding("kid-1", Base64Url.EncodeToString([1, 2, 3]));
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => client.CreateAccountAsync(session.Key, [], true, binding, AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.Unauthorized));
    }

    [Fact]
    public async Task UpdatesTheContacts()
    {
        await using var session = await AcmeSession.StartAsync();
        var account = await session.CreateAccountAsync();
        await account.UpdateContactsAsync(["mailto:new@example.com"], AcmeSession.Token);
        Assert.Equal(["mailto:new@example.com"], session.Server.Accounts[0].Contacts);
        await account.UpdateContactsAsync([], AcmeSession.Token);
        Assert.Empty(session.Server.Accounts[0].Contacts);
    }

    [Fact]
    public async Task DeactivatesForGood()
    {
        await using var session = await AcmeSession.StartAsync();
        var account = await session.CreateAccountAsync();
        await account.DeactivateAsync(AcmeSession.Token);
        Assert.Equal("deactivated", session.Server.Accounts[0].Status);
        var error = await Assert.ThrowsAsync<AcmeException>(() => account.ReadAsync(AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.Unauthorized));
    }

    [Fact]
    public async Task ChangesItsKeyAndSignsWithTheNewOne()
    {
        await using var session = await AcmeSession.StartAsync();
        using var newKey = AcmeKey.Create();
        var account = await session.CreateAccountAsync();
        await account.ChangeKeyAsync(newKey, AcmeSession.Token);

        Assert.Equal(newKey.Thumbprint, session.Server.Accounts[0].Thumbprint);
        await AcmeOrderFlow.ObtainAsync(account, AcmeSession.Order("example.com"), session.Responder, AcmeSession.Token);
    }

    [Fact]
    public async Task KeepsItsKeyWhenTheChangeIsRefused()
    {
        await using var session = await AcmeSession.StartAsync();
        using var taken = AcmeKey.Create();
        var account = await session.CreateAccountAsync();
        await account.Client.CreateAccountAsync(taken, [], true, null, AcmeSession.Token);

        var error = await Assert.ThrowsAsync<AcmeException>(() => account.ChangeKeyAsync(taken, AcmeSession.Token));
        Assert.Equal(409, error.StatusCode);
        Assert.Same(session.Key, account.Key);
        await account.ReadAsync(AcmeSession.Token);
    }

    [Theory]
    [InlineData("ES384")]
    [InlineData("RS256")]
    public async Task WorksWithTheKeysThatOtherClientsCreatedAccountsWith(string algorithm)
    {
        await using var session = await AcmeSession.StartAsync();
        using var key = AcmeKey.From(algorithm == "RS256" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384));
        var client = await session.ConnectAsync();
        var account = await client.CreateAccountAsync(key, [], true, null, AcmeSession.Token);
        await AcmeOrderFlow.ObtainAsync(account, AcmeSession.Order("example.com"), session.Responder, AcmeSession.Token);
    }
}
