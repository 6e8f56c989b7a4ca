using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;

namespace Gateway.EndToEnd.Acme;

public sealed class PebbleTests
{
    private const string BindingKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Each order at pebble's default, where 5 nonces of 100 are refused, and where 90 are.
    [Theory]
    [InlineData(AcmeChallenge.Http01, "www.example.com", null)]
    [InlineData(AcmeChallenge.Http01, "www.example.com", 90)]
    [InlineData(AcmeChallenge.TlsAlpn01, "www.example.com", null)]
    [InlineData(AcmeChallenge.TlsAlpn01, "www.example.com", 90)]
    [InlineData(AcmeChallenge.Http01, "127.0.0.1", null)]
    [InlineData(AcmeChallenge.TlsAlpn01, "127.0.0.1", null)]
    public async Task ObtainsACertificateThatChainsToTheRoot(string challengeType, string name, int? rejectNonces)
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host, rejectNonces);
        var account = await CreateAccountAsync(pebble);
        var issued = await AcmeOrderFlow.ObtainAsync(account, Order(challengeType, name), host.Responder, Token);

        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        Assert.True(certificate.MatchesHostname(name));
        using var root = await pebble.RootAsync(0, Token);
        AssertChain(issued, root);
        Assert.True(host.IsEmpty);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(90)]
    public async Task ObtainsAWildcardAndItsParentByDns(int? rejectNonces)
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host, rejectNonces);
        var account = await CreateAccountAsync(pebble);
        var responder = new ChallengeResponder(
            (answer, token) => pebble.SetTxtAsync(answer.DnsName, answer.DnsValue, token),
            (answer, token) => pebble.ClearTxtAsync(answer.DnsName, token));
        var order = Order(AcmeChallenge.Dns01, "*.example.com", "example.com");
        var issued = await AcmeOrderFlow.ObtainAsync(account, order, responder, Token);

        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        Assert.True(certificate.MatchesHostname("any.example.com"));
        Assert.True(certificate.MatchesHostname("example.com"));
    }

    [Fact]
    public async Task ObtainsCertificatesFor25NamesAtOnce()
    {
        const int Names = 25;
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host);
        using var http = new HttpClient(new OrdersFirst(Names, AcmeHttp.CreateHandler(pebble.Roots)));
        var client = await AcmeClient.ConnectAsync(http, pebble.DirectoryUrl, TimeProvider.System, Token);
        var account = await client.CreateAccountAsync(AcmeKey.Create(), [], true, null, Token);
        var issued = await Task.WhenAll(Enumerable.Range(1, Names).Select(i =>
            AcmeOrderFlow.ObtainAsync(account, Order(AcmeChallenge.Http01, $"name{i}.example.com"), host.Responder, Token)));
        Assert.Equal(Names, issued.Select(certificate => certificate.ChainPem).Distinct().Count());
    }

    [Theory]
    [InlineData(CertificateKeyAlgorithm.ES384)]
    [InlineData(CertificateKeyAlgorithm.RS256)]
    internal async Task ObtainsACertificateForEveryKindOfKey(CertificateKeyAlgorithm algorithm)
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host);
        var account = await CreateAccountAsync(pebble);
        using var key = CertificateKey.Create(algorithm);
        var issued = await AcmeOrderFlow.ObtainAsync(
            account, Order(AcmeChallenge.Http01, "www.example.com") with { Key = key }, host.Responder, Token);
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        Assert.True(certificate.HasPrivateKey);
    }

    [Fact]
    public async Task SucceedsWithAnotherChallengeTypeAfterOneFailed()
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host);
        var account = await CreateAccountAsync(pebble);
        var nothing = new ChallengeResponder((_, _) => Task.CompletedTask, (_, _) => Task.CompletedTask);
        var order = Order(AcmeChallenge.Http01, "www.example.com");
        var error = await Assert.ThrowsAsync<AcmeException>(() => AcmeOrderFlow.ObtainAsync(account, order, nothing, Token));
        Assert.Equal(AcmeChallenge.Http01, error.ChallengeType);
        Assert.Contains("unauthorized: ", error.Message);

        order = order with { ChallengeType = AcmeChallenge.TlsAlpn01 };
        await AcmeOrderFlow.ObtainAsync(account, order, host.Responder, Token);
    }

    [Fact]
    public async Task BindsTheAccountToACustomer()
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions
        {
            HttpPort = host.HttpPort,
            TlsPort = host.TlsPort,
            ExternalAccounts = new Dictionary<string, string> { ["kid-1"] = BindingKey },
        });
        var error = await Assert.ThrowsAsync<AcmeException>(() => CreateAccountAsync(pebble));
        Assert.True(error.Is(AcmeProblem.ExternalAccountRequired));

        var account = await CreateAccountAsync(pebble, new ExternalAccountBinding("kid-1", BindingKey));
        await AcmeOrderFlow.ObtainAsync(account, Order(AcmeChallenge.Http01, "www.example.com"), host.Responder, Token);
    }

    [Fact]
    public async Task TakesTheChainUnderThePreferredRoot()
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions
        {
            HttpPort = host.HttpPort,
            TlsPort = host.TlsPort,
            AlternateRoots = 2,
        });
        var account = await CreateAccountAsync(pebble);
        using var root = await pebble.RootAsync(2, Token);
        var order = Order(AcmeChallenge.Http01, "www.example.com") with { PreferredChain = root.GetNameInfo(X509NameType.SimpleName, false) };
        var issued = await AcmeOrderFlow.ObtainAsync(account, order, host.Responder, Token);
        Assert.Equal(order.PreferredChain, issued.TopIssuer);
        AssertChain(issued, root);
    }

    [Fact]
    public async Task RevokesByAccountAndByCertificateKey()
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host);
        var account = await CreateAccountAsync(pebble);
        var order = Order(AcmeChallenge.Http01, "www.example.com");
        var issued = await AcmeOrderFlow.ObtainAsync(account, order, host.Responder, Token);
        using var first = X509Certificate2.CreateFromPem(issued.ChainPem);
        await account.RevokeAsync(first, RevocationReason.Superseded, Token);
        Assert.Equal(("Revoked", 4), await pebble.StatusAsync(first, Token));

        using var key = CertificateKey.Create(CertificateKeyAlgorithm.ES256);
        issued = await AcmeOrderFlow.ObtainAsync(account, order with { Key = key }, host.Responder, Token);
        using var second = X509Certificate2.CreateFromPem(issued.ChainPem);
        using var certificateKey = AcmeKey.FromPem(issued.KeyPem);
        await account.Client.RevokeAsync(second, certificateKey, RevocationReason.KeyCompromise, Token);
        Assert.Equal(("Revoked", 1), await pebble.StatusAsync(second, Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(90)]
    public async Task ChangesTheKeyOfTheAccountAndGoesOn(int? rejectNonces)
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host, rejectNonces);
        var account = await CreateAccountAsync(pebble);
        var oldKey = account.Key;
        using var newKey = AcmeKey.Create();
        await account.ChangeKeyAsync(newKey, Token);

        await AcmeOrderFlow.ObtainAsync(account, Order(AcmeChallenge.Http01, "www.example.com"), host.Responder, Token);
        Assert.Equal(account.Url, (await account.Client.FindAccountAsync(newKey, Token)).Url);
        var error = await Assert.ThrowsAsync<AcmeException>(() => account.Client.FindAccountAsync(oldKey, Token));
        Assert.True(error.Is(AcmeProblem.AccountDoesNotExist));
    }

    [Fact]
    public async Task UpdatesAndDeactivatesTheAccount()
    {
        await using var host = await ChallengeHost.StartAsync();
        await using var pebble = await StartAsync(host);
        var account = await CreateAccountAsync(pebble);
        await account.UpdateContactsAsync(["mailto:new@example.com"], Token);
        Assert.Equal(["mailto:new@example.com"], (await account.ReadAsync(Token)).Contact);
        await account.DeactivateAsync(Token);
        await Assert.ThrowsAsync<AcmeException>(() => account.ReadAsync(Token));
    }

    [Fact]
    public async Task SaysThatTheCaHasLostTheAccount()
    {
        await using var host = await ChallengeHost.StartAsync();
        Uri url;
        using var key = AcmeKey.Create();
        await using (var earlier = await StartAsync(host))
        {
            url = (await (await ConnectAsync(earlier)).CreateAccountAsync(key, [], true, null, Token)).Url;
        }

        await using var pebble = await StartAsync(host);
        var client = await ConnectAsync(pebble);
        var here = new Uri(new Uri(pebble.DirectoryUrl, "/"), url.PathAndQuery);
        var error = await Assert.ThrowsAsync<AcmeException>(() => client.OpenAccount(key, here)
            .PlaceOrderAsync(new OrderRequest { Identifiers = [AcmeIdentifier.Parse("www.example.com")] }, Token));
        Assert.True(error.Is(AcmeProblem.AccountDoesNotExist));
        await client.CreateAccountAsync(key, [], true, null, Token);
    }

    private static Task<Pebble> StartAsync(ChallengeHost host, int? rejectNonces = null) => Pebble.StartAsync(
        new PebbleOptions { HttpPort = host.HttpPort, TlsPort = host.TlsPort, RejectNonces = rejectNonces });

    private static Task<AcmeClient> ConnectAsync(Pebble pebble) =>
        AcmeClient.ConnectAsync(pebble.CreateHttpClient(), pebble.DirectoryUrl, TimeProvider.System, Token);

    private static async Task<AcmeAccount> CreateAccountAsync(Pebble pebble, ExternalAccountBinding? binding = null)
    {
        var client = await ConnectAsync(pebble);
        return await client.CreateAccountAsync(AcmeKey.Create(), ["mailto:admin@example.com"], true, binding, Token);
    }

    private static CertificateOrder Order(string challengeType, params string[] names) => new()
    {
        Identifiers = [.. names.Select(AcmeIdentifier.Parse)],
        ChallengeType = challengeType,
        Key = CertificateKey.Create(CertificateKeyAlgorithm.ES256),
    };

    private static void AssertChain(IssuedCertificate issued, X509Certificate2 root)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(issued.ChainPem);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(certificates);
        Assert.True(chain.Build(certificates[0]), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
    }
}
