using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Acme.Fake;
using Gateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>What of a gateway looks after certificates, running on a state directory.</summary>
internal sealed class AutomaticGateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly ServiceProvider _services;
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly SimulatedTime _time;

    private AutomaticGateway(string stateDirectory, SimulatedTime time)
    {
        _time = time;
        Source = AutomaticSource.In(stateDirectory, time);
        Served = new ServedCertificates(time);
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);
        services.AddSingleton(Served);
        services.AddSingleton<IHostApplicationLifetime>(_lifetime);
        services.AddLogging();
        Log.Capture(services);
        GatewayHost.AddAutomaticCertificates(services, Source);
        _services = services.BuildServiceProvider();
        Service = _services.GetRequiredService<CertificateService>();
    }

    public AutomaticSource Source { get; }

    public ServedCertificates Served { get; }

    public CertificateService Service { get; }

    public LogLines Log { get; } = new();

    public Func<bool> IsBusy => () => Service.Working > 0;

    /// <summary>Options for names from fake CAs, in order.</summary>
    public static AcmeOptions Options(TestFolder folder, IEnumerable<FakeAcmeServer> issuers, params string[] names) => new()
    {
        DomainNames = names,
        EmailAddress = "admin@example.com",
        Issuers = [.. issuers.Select((issuer, i) => new AcmeIssuerOptions(issuer.DirectoryUrl)
        {
            TrustedRoots = [folder.Write($"root-{new Uri(issuer.Url("")).Port}.pem", issuer.Roots.ExportCertificatePems())],
        })],
        ChallengeTypes = [AcmeChallengeType.Http01, AcmeChallengeType.TlsAlpn01],
    };

    public static async Task<AutomaticGateway> StartAsync(string stateDirectory, AcmeOptions? options, SimulatedTime time)
    {
        var gateway = new AutomaticGateway(stateDirectory, time);
        gateway.Service.Apply(options);
        var pauses = time.Pauses;
        await gateway.Service.StartAsync(TestContext.Current.CancellationToken);
        gateway._lifetime.NotifyStarted();

        // Until it has looked around once.
        while (time.Pauses == pauses)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        return gateway;
    }

    /// <summary>What a browser that asks for a name would get.</summary>
    public ServedCertificate? Select(string name) => Served.Table.Certificates.Count == 0 ? null : Served.Table.Select(name, null);

    public NameState State(string name) => NameStates.Peek(Source.Folder, AcmeIdentifier.Parse(name))!;

    public RenewalAnswer? Answer(string name, bool dryRun) => RenewalRequests.PeekAnswer(Source.Folder, AcmeIdentifier.Parse(name), dryRun);

    /// <summary>Lets time pass until nothing is being worked on, having looked around at least twice.</summary>
    public async Task SettleAsync()
    {
        await _time.PassAsync(Patience, () => !IsBusy(), IsBusy);
        await _time.PassAsync(TimeSpan.FromSeconds(1), IsBusy);
        await _time.PassAsync(Patience, () => !IsBusy(), IsBusy);
    }

    public Task PassAsync(TimeSpan span, Action? eachStep = null) => _time.PassAsync(span, IsBusy, eachStep);

    public async Task PassUntilAsync(TimeSpan limit, Func<bool> until)
    {
        await _time.PassAsync(limit, until, IsBusy);
        Assert.True(until(), "It did not happen. Log:\n" + string.Join('\n', Log.All.Select(line => $"{line.Level} {line.Message} {line.Exception}")));
    }

    public async ValueTask DisposeAsync()
    {
        await Service.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
