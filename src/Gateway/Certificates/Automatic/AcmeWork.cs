using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// All that works by one set of options. A reload makes another one, so that an order under way ends with the CA, the hook and
/// the challenge types that it began with.
/// </summary>
internal sealed class AcmeWork : IDisposable
{
    private readonly Issuers _issuers;

    public AcmeWork(
        AcmeOptions options, AcmeFolder folder, OpenChallenges challenges, StateFiles files, NameStates states, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        var store = new CertificateStore(folder, files, options.AdditionalIssuers, loggers.CreateLogger<CertificateStore>());
        var responders = new ChallengeResponders(options, challenges, time, loggers.CreateLogger<ChallengeResponders>());
        var issuance = new Issuance(options, responders, loggers.CreateLogger<Issuance>());
        _issuers = new Issuers(options, folder, files, time);
        Shelf = new NameShelf(options, folder, store, states, time, loggers.CreateLogger<NameShelf>());
        var clock = new ClockWatch(time, loggers.CreateLogger<ClockWatch>());
        Renewal = new Renewal(options, _issuers, issuance, store, Shelf, clock, time, loggers.CreateLogger<Renewal>());
        DryRun = new DryRun(_issuers, issuance);
        Advice = new RenewalAdvice(_issuers, Shelf, clock, time, loggers.CreateLogger<RenewalAdvice>());
        Hook = new RenewedHook(options, folder, time, loggers.CreateLogger<RenewedHook>());
        Import = new FormerPackageImport(options, folder, store, time, loggers.CreateLogger<FormerPackageImport>());
    }

    public AcmeOptions Options { get; }

    public NameShelf Shelf { get; }

    public Renewal Renewal { get; }

    public DryRun DryRun { get; }

    public RenewalAdvice Advice { get; }

    public RenewedHook Hook { get; }

    public FormerPackageImport Import { get; }

    public void Dispose()
    {
        _issuers.Dispose();
        Hook.Dispose();
    }
}
