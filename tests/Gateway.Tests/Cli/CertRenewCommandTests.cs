using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Tests.Acme;
using Gateway.Tests.Acme.Fake;
using Gateway.Tests.Certificates.Automatic;

namespace Gateway.Tests.Cli;

/// <summary>`gateway cert renew`, `revoke` and `show` beside a gateway that works on the same state directory.</summary>
public sealed class CertRenewCommandTests : IAsyncLifetime
{
    private const string Name = "www.example.com";

    private readonly SimulatedTime _time = new();
    private CertConsole _console = null!;
    private FakeAcmeServer _ca = null!;
    private Func<FakeChallenge, FakeRefusal?> _validate = _ => null;
    private string _config = null!;

    private AcmeFolder Folder => new(_console.StateDirectory);

    public async ValueTask InitializeAsync()
    {
        _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions
        {
            Time = _time,
            Validate = (challenge, _) => _validate(challenge) is { } refusal ? throw refusal : Task.CompletedTask,
        });
        _console = new CertConsole { Clock = TimeProvider.System };
        var root = _console.Home.Write("root.pem", _ca.Roots.ExportCertificatePems());
        _config = _console.Home.Write("gateway.json", $$"""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://*:8443" }, "http": { "Url": "http://*:8080" } } },
              "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "{{Name}}", "api.example.com" ] },
              "Gateway": { "Acme": { "Issuers": [{ "DirectoryUrl": "{{_ca.DirectoryUrl}}", "TrustedRoots": [ "{{root}}" ] }] } },
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": { "web": { "Destinations": { "one": { "Address": "http://127.0.0.1:3000/" } } } }
              }
            }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await _ca.DisposeAsync();
        _console.Dispose();
    }

    [Fact]
    public async Task RenewsEveryNameAndSaysSo()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(0, await RunAsync(gateway, "renew"));
        Assert.Contains($"{Name}: renewed. The new certificate is served: issued by ", _console.Output, StringComparison.Ordinal);
        Assert.Contains("api.example.com: renewed.", _console.Output, StringComparison.Ordinal);
        Assert.Equal(4, _ca.OrdersPlaced);
        Assert.Empty(_console.Error);
    }

    [Fact]
    public async Task RenewsTheOneNameThatIsGiven()
    {
        await using var gateway = await StartAsync();
        var before = gateway.Select(Name);
        Assert.Equal(0, await RunAsync(gateway, "renew", "WWW.example.com"));
        Assert.NotSame(before, gateway.Select(Name));
        Assert.Equal(3, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task SaysWhyARenewalFailedWhatToDoAndWhenItIsTriedAgain()
    {
        await using var gateway = await StartAsync();
        _validate = _ => new FakeRefusal(403, "caa", "CAA record for example.com prevents issuance");
        Assert.Equal(1, await RunAsync(gateway, "renew", Name));
        Assert.Contains($"{Name}: not renewed; what was served before is served still.", _console.Error, StringComparison.Ordinal);
        Assert.Contains("error:        Could not", _console.Error, StringComparison.Ordinal);
        Assert.Contains("what to do:   A CAA record of www.example.com", _console.Error, StringComparison.Ordinal);
        Assert.Contains("next attempt: ", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunWithoutAStagingServerSaysHowToNameOne()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(1, await RunAsync(gateway, "renew", Name, "--dry-run"));
        Assert.Contains("the dry run failed; nothing has changed.", _console.Error, StringComparison.Ordinal);
        Assert.Contains("StagingUrl", _console.Error, StringComparison.Ordinal);
        Assert.Equal(2, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task WhereNoGatewayEverRanItSaysSoAtOnce()
    {
        Assert.Equal(1, await RunAsync(null, "renew"));
        Assert.Contains($"No gateway has run with automatic certificates on the state directory {_console.StateDirectory}. Start it", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhereNoGatewayRunsItGivesUpAndWithdrawsTheRequest()
    {
        await using (await StartAsync())
        {
        }

        var hasty = new CertConsole { Home = _console.Home, Clock = new LeapingTime(TimeProvider.System.GetUtcNow()) };
        Assert.Equal(1, await Task.Run(() => hasty.Run("renew", Name, "--config", _config)));
        Assert.Contains("nobody answered within 20 s; no gateway that gets this certificate runs on the state directory", hasty.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Folder.Requests));
    }

    [Fact]
    public async Task ANameThatIsNotConfiguredIsAnError()
    {
        Assert.Equal(1, await RunAsync(null, "renew", "other.example.com"));
        Assert.Contains("'other.example.com' is not among LettuceEncrypt:DomainNames", _console.Error, StringComparison.Ordinal);
        Assert.Contains("www.example.com, api.example.com", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAutomaticCertificatesItSaysWhatIsMissing()
    {
        Assert.Equal(1, await Task.Run(() => _console.Run("renew", "--config", _console.Home["none.json"])));
        Assert.Contains("There is no file", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RevokesAndHasAnotherOneMade()
    {
        await using var gateway = await StartAsync();
        var before = gateway.Select(Name)!;
        Assert.Equal(0, await RunAsync(gateway, "revoke", Name, "--reason", "KeyCompromise"));
        var revoked = _ca.Certificates.Single(certificate => certificate.IsRevoked);
        Assert.Equal((before.Leaf.Thumbprint, 1), (revoked.Leaf.Thumbprint, revoked.RevocationReason!.Value));
        Assert.Contains($"{Name}: revoked: the certificate issued by ", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"{Name}: renewed.", _console.Output, StringComparison.Ordinal);
        Assert.NotEqual(before.Leaf.Thumbprint, gateway.Select(Name)!.Leaf.Thumbprint);
    }

    [Fact]
    public async Task ARevokedCertificateIsNotServedByTheNextGatewayThatStarts()
    {
        await using (await StartAsync())
        {
        }

        var hasty = new CertConsole { Home = _console.Home, Clock = new LeapingTime(TimeProvider.System.GetUtcNow()) };
        Assert.Equal(0, await Task.Run(() => hasty.Run("revoke", Name, "--config", _config)));
        Assert.Contains("no gateway that gets this certificate runs", hasty.Error, StringComparison.Ordinal);

        await using var gateway = await StartAsync();
        Assert.False(_ca.Certificates.Single(certificate => certificate.Leaf.Thumbprint == gateway.Select(Name)!.Leaf.Thumbprint).IsRevoked);
        Assert.Equal(3, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task WhatIsNotThereCannotBeRevoked()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(1, await RunAsync(gateway, "revoke", "none.example.com"));
        Assert.Contains("There is no certificate for none.example.com", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShowsCertificateAttemptsAndPlans()
    {
        await using (await StartAsync())
        {
        }

        var console = new CertConsole { Home = _console.Home, Clock = _time };
        Assert.Equal(0, console.Run("show", "--config", _config));
        Assert.Matches(@"www\.example\.com +\S.* +ACME \(localhost\) +\d{4}-", console.Output);
        Assert.Contains($"Automatic certificates, kept in {_console.StateDirectory}", console.Output, StringComparison.Ordinal);
        Assert.Matches(@"certificate: +issued by .* \(localhost\), expires .* UTC \(in 89 days\)", console.Output);
        Assert.Matches(@"last attempt: +.* UTC \(.*\): succeeded", console.Output);
        Assert.Matches(@"next attempt: +.* UTC \(in \d+ days\), because (the CA advises it|a third of its life is left then)", console.Output);
        Assert.DoesNotContain("last error", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShowsTheLastErrorWithItsRemedyAndThatNoGatewayRuns()
    {
        _validate = _ => new FakeRefusal(400, "dns", "NXDOMAIN looking up A for www.example.com");
        await using (await StartAsync())
        {
        }

        var console = new CertConsole { Home = _console.Home, Clock = _time };
        Assert.Equal(0, console.Run("show", "--config", _config));
        Assert.Contains("none yet; until it is there a temporary one is served", console.Output, StringComparison.Ordinal);
        Assert.Matches(@"last attempt: +.*: failed; failures in a row: \d", console.Output);
        Assert.Matches(@"last error: +Could not .*NXDOMAIN looking up A for www\.example\.com", console.Output);
        Assert.Matches(@"what to do: +www\.example\.com has no address in the public DNS", console.Output);
        Assert.Matches(@"next attempt: +.*, because it is tried again after \d? ?a? ?failures?, with growing pauses", console.Output);

        _time.Set(TimeSpan.FromHours(8));
        Assert.Equal(0, console.Run("show", "--config", _config));
        Assert.Matches(@"next attempt: +was due .* has not been made: it seems that no gateway runs", console.Output);
    }

    [Fact]
    public void ShowsWhatIsToComeBeforeTheFirstAttempt()
    {
        Assert.Equal(0, _console.Run("show", "--config", _config));
        Assert.Matches(@"last attempt: +none yet", _console.Output);
        Assert.Matches(@"next attempt: +as soon as a gateway runs", _console.Output);
    }

    [Fact]
    public async Task SaysWhatBecomesOfACertificateThatIsDamaged()
    {
        await using (await StartAsync())
        {
        }

        var path = Folder.Certificate(_ca.DirectoryUrl, AcmeIdentifier.Parse(Name));
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))[..300], TestContext.Current.CancellationToken);
        Assert.Equal(1, _console.Run("show", "--config", _config));
        Assert.Matches(@"certificate: +cannot be read: .*; the gateway puts it aside at its next start and obtains another\.", _console.Output);
        Assert.Matches(@"next attempt: +as soon as a gateway runs", _console.Output);
    }

    [Fact]
    public void ShowNamesAConfigurationThatIsNotThere()
    {
        _console.Run("show", "--config", _console.Home["none.json"]);
        Assert.Contains("There is no file", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GivesTheAccountAnotherKeyWithWhichTheRunningGatewayGoesOn()
    {
        await using var gateway = await StartAsync();
        var before = Assert.Single(_ca.Accounts).Thumbprint;
        Assert.Equal(0, await RunAsync(gateway, "rollover"));
        Assert.Contains("the account has another key", _console.Output, StringComparison.Ordinal);
        Assert.NotEqual(before, Assert.Single(_ca.Accounts).Thumbprint);
        Assert.Equal(0, await RunAsync(gateway, "renew", Name));
        Assert.Single(_ca.Accounts);
    }

    [Fact]
    public async Task LeavesTheKeyAloneWhileAnOrderIsUnderWay()
    {
        await using (await StartAsync())
        {
        }

        await File.WriteAllTextAsync(Folder.NameLock(AcmeIdentifier.Parse(Name)), "", TestContext.Current.CancellationToken);
        Assert.Equal(1, await RunAsync(null, "rollover"));
        Assert.Contains($"The gateway is at work on {Name} just now", _console.Error, StringComparison.Ordinal);
        Assert.Equal(0, _ca.Requests(FakeResource.KeyChange));
    }

    [Fact]
    public async Task WithoutAnAccountThereIsNoKeyToChange()
    {
        Assert.Equal(0, await RunAsync(null, "rollover"));
        Assert.Contains("there is no account yet", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SaysWhyTheKeyIsNotChanged()
    {
        await using var gateway = await StartAsync();
        _ca.Behaviour.Refuse = resource => resource == FakeResource.KeyChange ? new FakeRefusal(403, "unauthorized", "not today") : null;
        Assert.Equal(1, await RunAsync(gateway, "rollover"));
        Assert.Contains("the key is not changed. Could not change the account's key: ", _console.Error, StringComparison.Ordinal);
        Assert.Contains("unauthorized: not today. Run it again", _console.Error, StringComparison.Ordinal);
    }

    private async Task<AutomaticGateway> StartAsync()
    {
        var options = AutomaticGateway.Options(_console.Home, [_ca], Name, "api.example.com");
        var gateway = await AutomaticGateway.StartAsync(_console.StateDirectory, options, _time);
        await gateway.SettleAsync();
        return gateway;
    }

    // The user types in real time, while hours pass for the gateway in seconds.
    private async Task<int> RunAsync(AutomaticGateway? gateway, params string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var running = Task.Run(() => _console.Run([.. arguments, "--config", _config]), cancellation);
        while (gateway is not null && !running.IsCompleted)
        {
            await gateway.PassAsync(TimeSpan.FromSeconds(5));
            await Task.WhenAny(running, Task.Delay(20, cancellation));
        }

        return await running;
    }
}
