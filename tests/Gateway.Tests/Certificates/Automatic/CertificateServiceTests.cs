using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Tests.Acme.Fake;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class CertificateServiceTests : IAsyncLifetime
{
    private const string Name = "www.example.com";

    private readonly TestFolder _folder = new();
    private readonly SimulatedTime _time = new();
    private FakeAcmeServer _ca = null!;
    private FakeAcmeServer _other = null!;
    private Func<FakeChallenge, FakeRefusal?> _validate = _ => null;

    private FakeAcmeBehaviour Behaviour => _ca.Behaviour;

    public async ValueTask InitializeAsync()
    {
        _ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions
        {
            Time = _time,
            Validate = (challenge, _) => _validate(challenge) is { } refusal ? throw refusal : Task.CompletedTask,
        });
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
    public async Task ObtainsAndServesOneCertificateForEachName()
    {
        await using var gateway = await StartAsync(Options(Name, "api.example.com", "192.0.2.7"));
        await gateway.SettleAsync();
        Assert.Equal([Name], gateway.Select(Name)!.Names);
        Assert.Equal(["api.example.com"], gateway.Select("api.example.com")!.Names);
        Assert.Equal("192.0.2.7", Assert.Single(gateway.Select("192.0.2.7")!.Addresses).ToString());
        Assert.Equal(3, _ca.OrdersPlaced);
        Assert.Equal(CertificateSource.Acme, gateway.Select(Name)!.Source);
    }

    [Fact]
    public async Task ServesWhatIsStoredAfterARestartWithoutAnOrder()
    {
        await using (var first = await StartAsync(Options(Name)))
        {
            await first.SettleAsync();
        }

        await using var second = await StartAsync(Options(Name));
        Assert.Equal([Name], second.Select(Name)!.Names);
        await second.SettleAsync();
        Assert.Equal(1, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task RenewsInTheWindowOfTheCaWithAnotherKeyAndSaysWhatItReplaces()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        var first = gateway.Select(Name)!;
        Behaviour.RenewalWindow = _ => (SimulatedTime.Beginning.AddDays(20), SimulatedTime.Beginning.AddDays(21));
        await gateway.PassAsync(TimeSpan.FromDays(19));
        Assert.Same(first, gateway.Select(Name));

        await gateway.PassUntilAsync(TimeSpan.FromDays(2.2), () => gateway.Select(Name) != first);
        var second = gateway.Select(Name)!;
        Assert.NotEqual(first.Leaf.PublicKey.ExportSubjectPublicKeyInfo(), second.Leaf.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(RenewalInfo.CertificateId(first.Leaf), _ca.Orders[1].Replaces);
    }

    [Fact]
    public async Task RenewsAtOnceWhenTheCaIsAboutToRevoke()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        Behaviour.RenewalWindow = _ => (SimulatedTime.Beginning.AddDays(-2), SimulatedTime.Beginning.AddDays(-1));
        _time.Set(TimeSpan.FromDays(1));
        await gateway.PassUntilAsync(TimeSpan.FromHours(13), () => _ca.OrdersPlaced == 2);
    }

    [Fact]
    public async Task ACaThatWantsEveryCertificateReplacedAtOnceGetsOneOrderADay()
    {
        Behaviour.RenewalWindow = _ => (SimulatedTime.Beginning.AddDays(-2), SimulatedTime.Beginning.AddDays(-1));
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromDays(3.5));
        Assert.InRange(_ca.OrdersPlaced, 3, 4);
    }

    [Fact]
    public async Task AsksForAdviceAtLeastTwiceADay()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromDays(3));
        Assert.InRange(_ca.Requests(FakeResource.RenewalInfo), 6, 20);
    }

    [Fact]
    public async Task RenewsWithoutAdviceWhenAThirdOfTheLifeIsLeft()
    {
        Behaviour.Refuse = resource => resource == FakeResource.RenewalInfo ? new FakeRefusal(500, "serverInternal", "no advice today") : null;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        _time.Set(TimeSpan.FromDays(59));
        await gateway.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, _ca.OrdersPlaced);
        _time.Set(TimeSpan.FromDays(3));
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => _ca.OrdersPlaced == 2);
    }

    [Fact]
    public async Task WithoutAdviceDoesNotRenewAShortLivedCertificateForEver()
    {
        Behaviour.RenewalWindow = Thirds;
        Behaviour.CertificateLifetime = TimeSpan.FromDays(6);
        await using var gateway = await StartAsync(Options(Name) with { RenewDaysInAdvance = TimeSpan.FromDays(30) });
        await gateway.PassAsync(TimeSpan.FromDays(13));
        Assert.InRange(_ca.OrdersPlaced, 3, 5);
        Assert.Contains(gateway.Log.All, line => line.Level == LogLevel.Warning && line.Message.Contains("RenewDaysInAdvance 30.00:00:00 is too long"));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("key")]
    public async Task RefusesACertificateForTheWrongNameOrKeyAndKeepsTheOldOne(string wrong)
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        var first = gateway.Select(Name);
        Behaviour.WrongName = wrong == "name" ? "other.example.com" : null;
        Behaviour.WrongKey = wrong == "key";
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => gateway.State(Name) is { Failures: 1, LastError: not "The gateway was stopped in the middle of the attempt." });
        Assert.Same(first, gateway.Select(Name));
        Assert.Contains("the CA sent a certificate for", gateway.State(Name).LastError);

        Behaviour.WrongName = null;
        Behaviour.WrongKey = false;
        await gateway.PassUntilAsync(TimeSpan.FromHours(3), () => gateway.Select(Name) != first);
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    [Fact]
    public async Task OrdersWithoutReplacesWhatSomebodyElseHasReplaced()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        _ca.Certificates[0].IsReplaced = true;
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => _ca.OrdersPlaced == 2 && gateway.State(Name).Failures == 0);
        Assert.Null(_ca.Orders[1].Replaces);
    }

    [Fact]
    public async Task ProvesTheNameInAnotherWayWithAnotherOrder()
    {
        _validate = challenge => challenge.Type == "http-01" ? new FakeRefusal(400, "connection", "port 80 is closed") : null;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        Assert.NotNull(gateway.Select(Name));
        Assert.Equal(2, _ca.OrdersPlaced);
        Assert.Equal(AcmeChallenge.TlsAlpn01, gateway.State(Name).ChallengeType);

        // And remembers which way it was.
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => _ca.Certificates.Count == 2);
        Assert.Equal(3, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task TriesTheNextCaWhenOneFails()
    {
        Behaviour.IsDown = true;
        await using var gateway = await StartAsync(AutomaticGateway.Options(_folder, [_ca, _other], Name));
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => gateway.Select(Name) is not null);
        Assert.Equal(1, _other.OrdersPlaced);
        Assert.Equal(_other.DirectoryUrl, gateway.State(Name).Issuer);
    }

    [Fact]
    public async Task MakesTheAccountAnewThatTheCaHasLost()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        _ca.ForgetAccounts();
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromHours(1), () => _ca.Certificates.Count == 2 && gateway.State(Name).Failures == 0);
        Assert.Single(_ca.Accounts);
    }

    [Fact]
    public async Task TriesOutAtStagingAfterARefusalBeforeItOrdersAgain()
    {
        _validate = _ => new FakeRefusal(400, "dns", "no such name");
        var options = AutomaticGateway.Options(_folder, [_ca], Name);
        var root = _folder.Write("other.pem", _other.Roots.ExportCertificatePems());
        options = options with
        {
            Issuers = [options.Issuers[0] with { StagingUrl = _other.DirectoryUrl, TrustedRoots = [.. options.Issuers[0].TrustedRoots, root] }],
        };
        _other.Behaviour.Refuse = resource => resource == FakeResource.NewOrder ? new FakeRefusal(400, "dns", "no such name there either") : null;
        await using var gateway = await StartAsync(options);
        await gateway.PassAsync(TimeSpan.FromHours(12));
        Assert.Equal(2, _ca.OrdersPlaced); // the first attempt alone: one for each type
        Assert.True(_other.Requests(FakeResource.NewOrder) > 5);

        _validate = _ => null;
        _other.Behaviour.Refuse = null;
        await gateway.PassUntilAsync(TimeSpan.FromHours(8), () => gateway.Select(Name) is not null);
        Assert.Equal(3, _ca.OrdersPlaced);
        Assert.Equal(1, _other.OrdersPlaced);
    }

    [Fact]
    public async Task DoesNotComeBackBeforeTheTimeThatTheCaNames()
    {
        Behaviour.Refuse = resource => resource == FakeResource.NewOrder ? FakeRefusal.RateLimited("too many certificates", "14400") : null;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromHours(3.9));
        Assert.Equal(1, _ca.Requests(FakeResource.NewOrder));
        Assert.Equal("the CA asks to be left alone until then", gateway.State(Name).NextReason);
        Assert.Contains("limit is used up", gateway.State(Name).Remedy);
        await gateway.PassAsync(TimeSpan.FromMinutes(12));
        Assert.Equal(2, _ca.Requests(FakeResource.NewOrder));
    }

    [Fact]
    public async Task FiftyRestartsInARowWhileValidationFailsPlaceAtMostFiveOrders()
    {
        _validate = _ => new FakeRefusal(400, "connection", "port 80 is closed");
        for (var restart = 0; restart < 50; restart++)
        {
            await using var gateway = await StartAsync(Options(Name));
            await gateway.SettleAsync();
        }

        Assert.InRange(_ca.OrdersPlaced, 1, 5);
    }

    [Fact]
    public async Task AnAttemptInTheMiddleOfWhichTheProcessDiesCounts()
    {
        var reached = new TaskCompletionSource();
        Behaviour.Hold = async (resource, token) =>
        {
            if (resource == FakeResource.Finalize)
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        await using (var gateway = await StartAsync(Options(Name)))
        {
            await gateway.PassUntilAsync(TimeSpan.FromMinutes(1), () => reached.Task.IsCompleted);
        }

        Behaviour.Hold = null;
        await using var second = await StartAsync(Options(Name));
        Assert.Equal(1, second.State(Name).Failures);
        await second.PassAsync(TimeSpan.FromSeconds(40));
        Assert.Equal(1, _ca.OrdersPlaced);
        await second.PassUntilAsync(TimeSpan.FromMinutes(2), () => second.Select(Name) is not null);
    }

    [Fact]
    public async Task AnotherConfigurationIsTriedAtOnce()
    {
        Behaviour.IsDown = true;
        await using (var gateway = await StartAsync(Options(Name)))
        {
            await gateway.PassAsync(TimeSpan.FromHours(10));
        }

        Behaviour.IsDown = false;
        await using var second = await StartAsync(Options(Name) with { EmailAddress = "other@example.com" });
        await second.SettleAsync();
        Assert.NotNull(second.Select(Name));
    }

    [Fact]
    public async Task TwoGatewaysOnOneStateDirectoryPlaceOneOrder()
    {
        Behaviour.ValidationTime = TimeSpan.FromSeconds(20);
        await using var first = await StartAsync(Options(Name));
        await using var second = await StartAsync(Options(Name));
        await _time.PassAsync(TimeSpan.FromMinutes(3), () => first.Service.Working > 0 || second.Service.Working > 0);
        Assert.Equal(1, _ca.OrdersPlaced);
        Assert.Equal(first.Select(Name)!.Leaf.Thumbprint, second.Select(Name)!.Leaf.Thumbprint);

        // And the renewal.
        _time.Set(TimeSpan.FromDays(1));
        Behaviour.RenewalWindow = _ => (SimulatedTime.Beginning.AddDays(-2), SimulatedTime.Beginning.AddDays(-1));
        await _time.PassAsync(TimeSpan.FromHours(14), () => _ca.OrdersPlaced == 2, () => first.Service.Working > 0 || second.Service.Working > 0);
        Behaviour.RenewalWindow = Thirds;
        await _time.PassAsync(TimeSpan.FromHours(14), () => first.Service.Working > 0 || second.Service.Working > 0);
        Assert.Equal(2, _ca.OrdersPlaced);
        Assert.Equal(first.Select(Name)!.Leaf.Thumbprint, second.Select(Name)!.Leaf.Thumbprint);
    }

    [Fact]
    public async Task ADamagedStoreIsPutAsideAndTheStartGoesOn()
    {
        await using (var first = await StartAsync(Options(Name)))
        {
            await first.SettleAsync();
        }

        foreach (var file in Directory.GetFiles(_folder["acme"], "*", SearchOption.AllDirectories))
        {
            File.WriteAllText(file, "{ damaged");
        }

        await using var second = await StartAsync(Options(Name));
        await second.SettleAsync();
        Assert.NotNull(second.Select(Name));
        Assert.Equal(3, Directory.GetFiles(_folder["acme"], "*.corrupt-*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task OrdersNothingThatItCouldNotKeep()
    {
        _folder.Write("acme", "a file where the folder should be");
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(0, _ca.OrdersPlaced);
        Assert.Contains(gateway.Log.All, line => line.Level == LogLevel.Error && line.Message.Contains("nothing was ordered: "));
    }

    [Fact]
    public async Task TakesUpTheSpaceThatWasMade()
    {
        var blocked = _folder.Write("acme", "a file where the folder should be");
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromMinutes(5));
        File.Delete(blocked);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(30), () => gateway.Select(Name) is not null);
    }

    [Fact]
    public async Task AClockThatJumpsAheadAndBackNeitherHammersNorStalls()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();

        _time.Set(TimeSpan.FromDays(400));
        await gateway.PassAsync(TimeSpan.FromHours(2));
        var placed = _ca.OrdersPlaced;
        Assert.InRange(placed, 2, 3);

        _time.Set(TimeSpan.FromDays(-800));
        await gateway.PassAsync(TimeSpan.FromHours(12));
        Assert.InRange(_ca.OrdersPlaced, placed, placed + 2);

        _time.Set(TimeSpan.FromDays(400));
        Behaviour.RenewalWindow = _ => (SimulatedTime.Beginning, SimulatedTime.Beginning.AddSeconds(1));
        placed = _ca.OrdersPlaced;
        await gateway.PassUntilAsync(TimeSpan.FromDays(1), () => _ca.OrdersPlaced > placed);
    }

    [Fact]
    public async Task AFailedNameIsTriedAgainThoughTheClockWasSetBackAYear()
    {
        Behaviour.IsDown = true;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromMinutes(3));
        Behaviour.IsDown = false;
        _time.Set(TimeSpan.FromDays(-365));
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(20), () => gateway.Select(Name) is not null);
    }

    [Fact]
    public async Task WarnsOfAClockThatIsOff()
    {
        Behaviour.ClockOffset = TimeSpan.FromMinutes(-7);
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        Assert.Contains(gateway.Log.All, line => line.Level == LogLevel.Warning && line.Message.Contains("ahead of that of the CA"));
    }

    [Fact]
    public async Task WarnsOfAClockThatGoesWrongBetweenRenewals()
    {
        await using var gateway = await StartAsync(Options(Name, "api.example.com"));
        await gateway.SettleAsync();
        Assert.DoesNotContain(gateway.Log.All, line => line.Message.Contains("clock"));
        Behaviour.ClockOffset = TimeSpan.FromMinutes(6);
        await gateway.PassAsync(TimeSpan.FromHours(7));
        Assert.Equal(2, _ca.OrdersPlaced);
        var line = Assert.Single(gateway.Log.All, line => line.Message.Contains("clock"));
        // The CA's clock goes on meanwhile, and tells whole seconds.
        Assert.Matches("This machine's clock is 00:0(5:5[0-9]|6:0[0-9]) behind that of the CA", line.Message);
    }

    [Theory]
    [InlineData(FakeResource.Directory, false)]
    [InlineData(FakeResource.NewNonce, true)]
    [InlineData(FakeResource.NewAccount, false)]
    [InlineData(FakeResource.NewAccount, true)]
    [InlineData(FakeResource.NewOrder, true)]
    internal async Task LeavesACaAloneAsLongAsItAsksWhateverItWasAskedFor(FakeResource resource, bool asDate)
    {
        var until = SimulatedTime.Beginning.AddHours(3);
        Behaviour.Refuse = asked => asked == resource && _time.GetUtcNow() < until
            ? new FakeRefusal(503, "serverInternal", "busy") { RetryAfter = asDate ? until.ToString("R") : "10800" }
            : null;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromMinutes(170));
        Assert.Equal(1, _ca.Requests(resource));
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(20), () => gateway.Select(Name) is not null);
    }

    [Fact]
    public async Task LeavesACaAloneThatWantsNoQuestionsAboutRenewal()
    {
        Behaviour.Refuse = resource => resource == FakeResource.RenewalInfo ? new FakeRefusal(503, "serverInternal", "busy") { RetryAfter = "21600" } : null;
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromHours(5));
        Assert.Equal(1, _ca.Requests(FakeResource.RenewalInfo));
        await gateway.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(2, _ca.Requests(FakeResource.RenewalInfo));
    }

    [Fact]
    public async Task SaysWhatWentWrongWhatToDoAndWhatIsServed()
    {
        _validate = _ => new FakeRefusal(403, "caa", "CAA record for example.com prevents issuance");
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        var line = Assert.Single(gateway.Log.All, line => line.Level == LogLevel.Error);
        Assert.Contains("caa: CAA record for example.com prevents issuance", line.Message);
        Assert.Contains("A CAA record of www.example.com or of a domain above it forbids this CA", line.Message);
        Assert.Contains("served meanwhile: a temporary certificate", line.Message);
        var state = gateway.State(Name);
        Assert.Contains("prevents issuance", state.LastError);
        Assert.Equal(1, state.Failures);
        Assert.InRange(state.NextAttempt!.Value - state.LastAttempt!.Value, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3));
        Assert.Equal("after a failure", state.NextReason);
    }

    [Fact]
    public async Task SaysForEachWayThatFailedWhatToDo()
    {
        _validate = _ => new FakeRefusal(400, "connection", "Timeout during connect");
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        var line = Assert.Single(gateway.Log.All, line => line.Level == LogLevel.Error).Message;
        Assert.Contains("Port 80 of www.example.com does not lead", line);
        Assert.Contains("Port 443 of www.example.com does not lead", line);
        Assert.Matches(@"Timeout during connect\. .*Timeout during connect\. Port 80.*this machine\. Port 443.*this machine\. Next attempt: \d", line);
    }

    [Fact]
    public async Task AtMostFourOrdersAreUnderWayAtOneCa()
    {
        var (now, most, seen) = (0, 0, new Lock());
        Behaviour.Hold = async (resource, token) =>
        {
            if (resource == FakeResource.NewOrder)
            {
                lock (seen)
                {
                    most = Math.Max(most, ++now);
                }

                await Task.Delay(20, token);
                lock (seen)
                {
                    now--;
                }
            }
        };
        string[] names = [.. Enumerable.Range(1, 15).Select(i => $"name{i}.example.com")];
        await using var gateway = await StartAsync(Options(names));
        await gateway.SettleAsync();
        Assert.Equal(15, _ca.Certificates.Count);
        Assert.InRange(most, 2, 4);
    }

    [Fact]
    public async Task WarnsDailyFromFourteenDaysBeforeTheEndWithTheReason()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        Behaviour.IsDown = true;
        _time.Set(TimeSpan.FromDays(74));
        await gateway.PassAsync(TimeSpan.FromDays(1.5));
        Assert.Equal(0, Warnings(gateway));
        await gateway.PassAsync(TimeSpan.FromDays(3));
        Assert.InRange(Warnings(gateway), 2, 5);
        Assert.Contains(gateway.Log.All, line => line.Message.Contains("expires") && line.Message.Contains("has not been renewed") && line.Message.Contains("gave no answer"));
    }

    [Fact]
    public async Task WarnsOfARenewalThatTheOperatorHasPutOff()
    {
        Behaviour.Refuse = resource => resource == FakeResource.RenewalInfo ? new FakeRefusal(500, "serverInternal", "no advice today") : null;
        await using var gateway = await StartAsync(Options(Name) with { RenewDaysInAdvance = TimeSpan.FromDays(10) });
        await gateway.SettleAsync();
        _time.Set(TimeSpan.FromDays(75));
        await gateway.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(0, Warnings(gateway));
        await gateway.PassAsync(TimeSpan.FromDays(2));
        Assert.InRange(Warnings(gateway), 1, 3);
        Assert.Contains(gateway.Log.All, line => line.Level == LogLevel.Warning && line.Message.Contains("has not been renewed yet") && line.Message.EndsWith("because RenewDaysInAdvance says so"));
        Assert.Equal(1, _ca.OrdersPlaced);
    }

    [Fact]
    public async Task AShortLivedCertificateOnItsWayToARenewalIsNoNews()
    {
        Behaviour.CertificateLifetime = TimeSpan.FromDays(6);
        await using var gateway = await StartAsync(Options(Name));
        await gateway.PassAsync(TimeSpan.FromDays(13));
        Assert.True(_ca.OrdersPlaced > 2);
        Assert.Equal(0, Warnings(gateway));
    }

    [Fact]
    public async Task AProgramThatHangsAfterARenewalIsEnded()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is of Unix.");
        await using var gateway = await StartAsync(Options(Name) with { OnRenewed = "/bin/sleep 86400" });
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(30), () => gateway.Log.All.Any(line => line.Message.Contains("did not end within 300 s")));
        Assert.NotNull(gateway.Select(Name));
        await gateway.SettleAsync();
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    [Fact]
    public async Task ADryRunOrdersAtStagingAndLeavesEverythingElseAlone()
    {
        var options = AutomaticGateway.Options(_folder, [_ca], Name);
        var root = _folder.Write("other.pem", _other.Roots.ExportCertificatePems());
        options = options with
        {
            Issuers = [options.Issuers[0] with { StagingUrl = _other.DirectoryUrl, TrustedRoots = [.. options.Issuers[0].TrustedRoots, root] }],
        };
        await using var gateway = await StartAsync(options);
        await gateway.SettleAsync();
        var before = gateway.Select(Name);
        var files = Production(gateway.Source.Folder);
        Assert.Equal(3, files.Count); // account, certificate, plans
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: true);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(5), () => gateway.Answer(Name, dryRun: true) is not null);
        Assert.Null(gateway.Answer(Name, dryRun: true)!.Error);
        Assert.Same(before, gateway.Select(Name));
        Assert.Equal((1, 1), (_ca.OrdersPlaced, _other.OrdersPlaced));
        Assert.Equal(files, Production(gateway.Source.Folder));
    }

    [Fact]
    public async Task AFailedDryRunSaysWhyAndCountsForNothing()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        var state = gateway.State(Name);
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: true);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(5), () => gateway.Answer(Name, dryRun: true) is not null);
        Assert.Contains("there is no staging server", gateway.Answer(Name, dryRun: true)!.Error);
        Assert.Equal(state.NextAttempt, gateway.State(Name).NextAttempt);
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    [Fact]
    public async Task WhoAsksForARenewalIsAnswered()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(5), () => gateway.Answer(Name, dryRun: false) is { Error: null });
        Assert.Equal(2, _ca.Certificates.Count);

        _validate = _ => new FakeRefusal(403, "caa", "CAA record prevents issuance");
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse(Name), dryRun: false);
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(5), () => gateway.Answer(Name, dryRun: false) is { Error: not null });
        Assert.Contains("CAA record prevents issuance", gateway.Answer(Name, dryRun: false)!.Error);
        Assert.Contains("forbids this CA", gateway.Answer(Name, dryRun: false)!.Remedy);
    }

    [Fact]
    public async Task ARequestAboutANameOfAnotherGatewayIsLeftToIt()
    {
        await using var gateway = await StartAsync(Options(Name));
        await gateway.SettleAsync();
        RenewalRequests.Ask(gateway.Source.Folder, AcmeIdentifier.Parse("other.example.com"), dryRun: false);
        await gateway.SettleAsync();
        Assert.True(RenewalRequests.IsOpen(gateway.Source.Folder, AcmeIdentifier.Parse("other.example.com"), dryRun: false));
    }

    [Fact]
    public async Task RunsTheOperatorsProgramAfterEachRenewal()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a shell script.");
        var script = _folder.Write("hook.sh", $"#!/bin/sh\necho \"$1 $RENEWED_DOMAINS\" >> {_folder["told"]}\ngrep -q 'PRIVATE KEY' \"$RENEWED_KEY\" && grep -q 'BEGIN CERTIFICATE' \"$RENEWED_CERTIFICATE\" && echo both >> {_folder["told"]}\n");
        await using var gateway = await StartAsync(Options(Name) with { OnRenewed = $"/bin/sh {script} argument" });
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(30), () => gateway.Log.All.Any(line => line.Message.Contains("was told of the new certificate")));
        Assert.Equal($"argument {Name}\nboth\n", File.ReadAllText(_folder["told"]));
    }

    [Fact]
    public async Task AFailingProgramDoesNoHarm()
    {
        await using var gateway = await StartAsync(Options(Name) with { OnRenewed = "/bin/sh -c 'echo out of paper; exit 3'" });
        await gateway.PassUntilAsync(TimeSpan.FromMinutes(30), () => gateway.Log.All.Any(line => line.Message.Contains("ended with exit code 3 and said: out of paper")));
        Assert.NotNull(gateway.Select(Name));
        Assert.Equal(0, gateway.State(Name).Failures);
    }

    [Fact]
    public async Task AnAddressIsOrderedWithTheShortLivedProfile()
    {
        await using var ca = await FakeAcmeServer.StartAsync(new FakeAcmeOptions
        {
            Time = _time,
            Profiles = new Dictionary<string, string> { ["classic"] = "90 days", ["shortlived"] = "6 days" },
        });
        await using var gateway = await StartAsync(AutomaticGateway.Options(_folder, [ca], "192.0.2.7", Name));
        await gateway.SettleAsync();
        Assert.Equal("shortlived", ca.Orders.Single(order => order.Identifiers[0].Type == "ip").Profile);
        Assert.Null(ca.Orders.Single(order => order.Identifiers[0].Type == "dns").Profile);
    }

    // All that belongs to the CA itself, with its content.
    private Dictionary<string, string> Production(AcmeFolder folder) => new[] { folder.IssuerFolder(_ca.DirectoryUrl), folder.Names }
        .SelectMany(path => Directory.GetFiles(path, "*", SearchOption.AllDirectories))
        .ToDictionary(path => path, File.ReadAllText);

    private AcmeOptions Options(params string[] names) => AutomaticGateway.Options(_folder, [_ca], names);

    private Task<AutomaticGateway> StartAsync(AcmeOptions options) => AutomaticGateway.StartAsync(_folder.Path, options, _time);

    private static int Warnings(AutomaticGateway gateway) => gateway.Log.All.Count(line => line.Category.EndsWith("CertificateService") && line.Message.Contains("expires"));

    private static (DateTimeOffset, DateTimeOffset) Thirds(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        var start = certificate.NotBefore.ToUniversalTime() + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3);
        return (start, start.AddHours(12));
    }
}
