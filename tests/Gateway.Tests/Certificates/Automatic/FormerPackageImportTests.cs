using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>A state directory as the LettuceEncrypt package leaves it.</summary>
public sealed class FormerPackageImportTests : IAsyncLifetime
{
    private const string Name = "www.example.com";

    private readonly TestFolder _folder = new();
    private readonly SimulatedTime _time = new();
    private FakeAcmeServer _ca = null!;

    public async ValueTask InitializeAsync() => _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions { Time = _time, HasRenewalInfo = false });

    public async ValueTask DisposeAsync()
    {
        await _ca.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task IsTakenOverWithoutAnOrder()
    {
        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LeaveAccount(_ca.DirectoryUrl, account);
        using var leaf = LeaveCertificate(Name, "api.example.com");
        await using (var gateway = await StartAsync(Name, "api.example.com"))
        {
            Assert.Equal(leaf.Thumbprint, gateway.Select(Name)!.Leaf.Thumbprint);
            Assert.Equal(leaf.Thumbprint, gateway.Select("api.example.com")!.Leaf.Thumbprint);
            await gateway.PassAsync(TimeSpan.FromDays(1));
        }

        Assert.Equal(0, _ca.OrdersPlaced);

        // And again, now from the gateway's own files.
        Directory.Delete(_folder["certs"], recursive: true);
        await using var second = await StartAsync(Name);
        Assert.Equal(leaf.Thumbprint, second.Select(Name)!.Leaf.Thumbprint);
    }

    [Fact]
    public async Task GoesOnWithTheAccount()
    {
        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LeaveAccount(_ca.DirectoryUrl, account);
        await using var gateway = await StartAsync(Name);
        await gateway.SettleAsync();
        using var key = AcmeKey.From(account);
        Assert.Equal(key.Thumbprint, Assert.Single(_ca.Accounts).Thumbprint);
    }

    [Fact]
    public async Task WhatCannotBeReadIsLeftAloneAndOrderedInstead()
    {
        _folder.Write("certs.txt", "");
        Directory.CreateDirectory(_folder["certs"]);
        File.WriteAllText(_folder["certs/damaged.pfx"], "damaged");
        using (var leaf = TestIssuer.Shared.Issue([Name], notBefore: _time.GetUtcNow().AddDays(-1), notAfter: _time.GetUtcNow().AddDays(80)))
        {
            File.WriteAllBytes(_folder["certs/protected.pfx"], leaf.Export(X509ContentType.Pfx, "password"));
        }

        await using var gateway = await StartAsync(Name);
        await gateway.SettleAsync();
        Assert.Equal(1, _ca.OrdersPlaced);
        Assert.True(File.Exists(_folder["certs/damaged.pfx"]));
        Assert.Equal(2, gateway.Log.All.Count(line => line.Message.Contains("could not be taken over")));
    }

    [Fact]
    public async Task AProtectedCertificateIsTakenOverWithItsPassword()
    {
        using var leaf = LeaveCertificate("secret", [Name]);
        var options = AutomaticGateway.Options(_folder, [_ca], Name) with { PfxPassword = "secret" };
        await using var gateway = await AutomaticGateway.StartAsync(_folder.Path, options, _time);
        Assert.Equal(leaf.Thumbprint, gateway.Select(Name)!.Leaf.Thumbprint);
        Assert.DoesNotContain("secret", options.ToString());
    }

    [Fact]
    public async Task WhatIsExpiredOrOfAnotherCaIsNotTaken()
    {
        using (LeaveCertificate(Name))
        {
        }

        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LeaveAccount(AcmeIssuerOptions.LetsEncryptStaging, account);
        await using var gateway = await StartAsync(Name);
        Assert.Null(gateway.Select(Name));
    }

    private Task<AutomaticGateway> StartAsync(params string[] names) =>
        AutomaticGateway.StartAsync(_folder.Path, AutomaticGateway.Options(_folder, [_ca], names), _time);

    private X509Certificate2 LeaveCertificate(params string[] names) => LeaveCertificate("", names);

    private X509Certificate2 LeaveCertificate(string password, string[] names)
    {
        var leaf = TestIssuer.Shared.Issue(names, notBefore: _time.GetUtcNow().AddDays(-1), notAfter: _time.GetUtcNow().AddDays(80));
        Directory.CreateDirectory(_folder["certs"]);
        File.WriteAllBytes(_folder[$"certs/{leaf.Thumbprint}.pfx"], leaf.Export(X509ContentType.Pfx, password));
        return leaf;
    }

    private void LeaveAccount(Uri directory, ECDsa key)
    {
        var folder = _folder[$"accounts/{directory.Authority}{directory.AbsolutePath}"];
        Directory.CreateDirectory(folder);
        File.WriteAllText(
            Path.Combine(folder, "17.json"),
            JsonSerializer.Serialize(new { id = 17, emailAddresses = new[] { "admin@example.com" }, privateKey = key.ExportPkcs8PrivateKey() }));
    }
}
