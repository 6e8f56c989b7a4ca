using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// Obtains a certificate for every wanted name, serves it and renews it, for ever: no failure ends the loop, and none takes a
/// certificate away that is being served.
/// </summary>
internal sealed partial class CertificateService(
    AcmeOptions options,
    OpenChallenges challenges,
    FormerPackageImport import,
    NameShelf shelf,
    Renewal renewal,
    RenewalAdvice advice,
    RenewalRequests requests,
    RenewedHook hook,
    Issuance issuance,
    Issuers issuers,
    ServedCertificates served,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<CertificateService> logger) : BackgroundService
{
    // Never a long sleep: clocks jump, and a person who asks for a renewal is watching.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAtFiles = TimeSpan.FromMinutes(1);
    private const int OrdersAtATime = 4;

    private readonly ExpiryWatch _expiry = new(time, logger);
    private readonly SemaphoreSlim _throttle = new(OrdersAtATime);
    private readonly List<ManagedName> _names = [];
    private readonly HashSet<Task> _working = [];
    private readonly HashSet<(string FileName, bool DryRun)> _asked = [];
    private long _filesSeenAt;

    /// <summary>How many names are being worked on.</summary>
    public int Working => _names.Count(name => name.IsBusy);

    /// <summary>When a certificate will be renewed next; null before that is planned.</summary>
    public DateTimeOffset? NextRenewal
    {
        get
        {
            lock (_names)
            {
                return _names.Min(name => name.State.NextAttempt);
            }
        }
    }

    /// <summary>Publishes what is stored, before the first handshake.</summary>
    public void LoadAll()
    {
        Try("take over what another program left", import.Run);
        Try("prepare the folder for requests", requests.Prepare);
        Try("remove old challenges", challenges.RemoveForgotten);
        foreach (var text in options.DomainNames)
        {
            Try($"read what is stored about {text}", () =>
            {
                var name = shelf.Open(AcmeIdentifier.Parse(text));
                _names.Add(name);
                shelf.SavePlan(name);
            });
        }

        _filesSeenAt = time.GetTimestamp();
        Publish();
    }

    public override void Dispose()
    {
        base.Dispose();
        _throttle.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The CA's look at a challenge must find the endpoints open.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        try
        {
            while (true)
            {
                Try("look after the certificates", () => LookAround(stoppingToken));
                await Task.Delay(Look, time, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(_working);
        }
    }

    private void LookAround(CancellationToken stoppingToken)
    {
        _working.RemoveWhere(task => task.IsCompleted);
        TakeUpWhatOthersDid();
        Answer(stoppingToken);

        var now = time.GetUtcNow();
        foreach (var name in _names.Where(name => !name.IsBusy))
        {
            Try($"plan the renewal of {name.Identifier}", () =>
            {
                shelf.Save(name, name.Corrected(now));
                var plan = name.Plan(options.RenewDaysInAdvance, now);
                if (plan.IsClamped && !name.WasToldOfClamping)
                {
                    name.WasToldOfClamping = true;
                    LogClamped(name.Identifier.Value, options.RenewDaysInAdvance, plan.At, plan.Why);
                }

                if (plan.At <= now && name.HasPaused(time))
                {
                    Work(name, token => RenewAsync(name, forced: false, token), stoppingToken);
                }
                else if (advice.IsDue(name))
                {
                    Work(name, token => advice.AskAsync(name, token), stoppingToken);
                }
            });
            _expiry.Look(name);
        }
    }

    private void TakeUpWhatOthersDid()
    {
        if (time.GetElapsedTime(_filesSeenAt) < LookAtFiles)
        {
            return;
        }

        _filesSeenAt = time.GetTimestamp();
        var changed = false;
        foreach (var name in _names.Where(name => !name.IsBusy))
        {
            Try($"read what is stored about {name.Identifier}", () => changed |= shelf.RefreshIfChanged(name));
        }

        if (changed)
        {
            Publish();
        }
    }

    private void Answer(CancellationToken stoppingToken)
    {
        _asked.UnionWith(requests.Take());
        foreach (var asked in _asked.ToArray())
        {
            var name = _names.Find(name => AcmeFolder.FileName(name.Identifier) == asked.FileName);
            if (name is { IsBusy: true })
            {
                continue;
            }

            _asked.Remove(asked);
            if (name is not null)
            {
                Work(name, token => asked.DryRun ? DryRunAsync(name, token) : RenewAsync(name, forced: true, token), stoppingToken);
            }
        }
    }

    private void Work(ManagedName name, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        name.IsBusy = true;
        _working.Add(Task.Run(() => DoAsync(name, work, stoppingToken), CancellationToken.None));
    }

    private async Task DoAsync(ManagedName name, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await _throttle.WaitAsync(stoppingToken);
            try
            {
                await work(stoppingToken);
            }
            finally
            {
                _throttle.Release();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // Nothing was ordered: that the attempt is made is written down first, and that did not work.
            name.AttemptedAt = time.GetTimestamp();
            name.State = name.State with { Failures = name.State.Failures + 1 };
            LogWorkFailed(e, name.Identifier.Value, AcmeAdvice.For(e, name.Identifier) ?? "");
        }
        finally
        {
            name.IsBusy = false;
        }
    }

    private async Task RenewAsync(ManagedName name, bool forced, CancellationToken cancellationToken)
    {
        if (await renewal.RunAsync(name, forced, cancellationToken) == RenewalOutcome.Renewed)
        {
            Publish();
            await hook.RunAsync(name, cancellationToken);
        }
    }

    private async Task DryRunAsync(ManagedName name, CancellationToken cancellationToken)
    {
        Exception? error = null;
        try
        {
            var staging = issuers.All.Select(issuer => issuer.Directory == AcmeIssuerOptions.LetsEncryptStaging ? issuer : issuer.Staging)
                .FirstOrDefault(issuer => issuer is not null)
                ?? throw new HookException($"None of the CAs has a staging server: {string.Join(", ", issuers.All.Select(issuer => issuer.Directory))}");
            await issuance.TryOutAsync(staging, name.Identifier, name.State, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            error = e;
        }

        Exception[] errors = error is AggregateException several ? [.. several.InnerExceptions] : error is null ? [] : [error];
        var text = errors.Length == 0 ? null : string.Join(" | ", errors.Select(e => e.Message));
        var remedy = errors.Select(e => AcmeAdvice.For(e, name.Identifier)).FirstOrDefault(advice => advice is not null);
        shelf.Save(name, name.State with { LastDryRun = new DryRun(time.GetUtcNow(), text, remedy) });
    }

    private void Publish()
    {
        lock (_names)
        {
            served.Publish(CertificateSource.Acme, [.. _names.SelectMany(name => name.Certificates)]);
        }
    }

    private void Try(string what, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            LogLookFailed(e, what);
        }
    }

    [LoggerMessage(EventId = 361, Level = LogLevel.Error, Message = "Could not {What}; what is served stays served, and it goes on in a few seconds")]
    private partial void LogLookFailed(Exception cause, string what);

    [LoggerMessage(EventId = 362, Level = LogLevel.Error, Message = "Certificate for {Name}: nothing was ordered. {Remedy}")]
    private partial void LogWorkFailed(Exception cause, string name, string remedy);

    [LoggerMessage(EventId = 363, Level = LogLevel.Warning, Message = "RenewDaysInAdvance {RenewDaysInAdvance:c} is too long for the certificate of {Name}; it is renewed {At:u}, when {Why}")]
    private partial void LogClamped(string name, TimeSpan? renewDaysInAdvance, DateTimeOffset at, string why);
}
