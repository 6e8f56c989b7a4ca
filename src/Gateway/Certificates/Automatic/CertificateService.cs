using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// Obtains a certificate for every wanted name, serves it and renews it, for ever: no failure ends the loop, and none takes a
/// certificate away that is being served.
/// </summary>
internal sealed partial class CertificateService(
    Func<AcmeOptions, AcmeWork> createWork,
    OpenChallenges challenges,
    RenewalRequests requests,
    ServedCertificates served,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<CertificateService> logger) : BackgroundService
{
    // Never a long sleep: clocks jump, and a person who asks for a renewal is watching.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAtFiles = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly ExpiryWatch _expiry = new(time, logger);
    private readonly List<ManagedName> _names = [];
    private readonly HashSet<ManagedName> _outdated = [];
    private readonly List<Task> _working = [];
    private readonly HashSet<RenewalRequest> _asked = [];
    private AcmeWork? _work;
    private long _filesSeenAt;

    /// <summary>How many names are being worked on.</summary>
    public int Working
    {
        get
        {
            lock (_lock)
            {
                return _names.Count(name => name.IsBusy);
            }
        }
    }

    /// <summary>When a certificate will be renewed next; null before that is planned.</summary>
    public DateTimeOffset? NextRenewal
    {
        get
        {
            lock (_lock)
            {
                return _names.Min(name => name.State.NextAttempt);
            }
        }
    }

    /// <summary>What is known and planned about each wanted name.</summary>
    public IReadOnlyList<NameState> States
    {
        get
        {
            lock (_lock)
            {
                return [.. _names.Select(name => name.State)];
            }
        }
    }

    /// <summary>Publishes what is stored: before the first handshake, and again whenever the options have changed. What is under way
    /// ends as it began.</summary>
    /// <param name="options">Null when no name is wanted.</param>
    public void Apply(AcmeOptions? options)
    {
        lock (_lock)
        {
            if (_work is { } former)
            {
                _working.Add(DisposeAsync(former, [.. _working]));
            }

            _work = options is null ? null : createWork(options);
            if (_work is { } work)
            {
                Try("take over what another program left", work.Import.Run);
                Try("prepare the folder for requests", requests.Prepare);
                Try("remove old challenges", challenges.RemoveForgotten);
                if (options!.RenewalCheckPeriod is { } period)
                {
                    LogCheckPeriod(period, Look);
                }
            }

            ManagedName[] known = [.. _names];
            _names.Clear();
            foreach (var text in options?.DomainNames ?? [])
            {
                Try($"read what is stored about {text}", () => Want(AcmeIdentifier.Parse(text), known));
            }

            _outdated.IntersectWith(_names);
            _filesSeenAt = time.GetTimestamp();
            Publish();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _work?.Dispose();
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
            await Task.WhenAll(StillWorking());
        }
    }

    private void Want(AcmeIdentifier identifier, ManagedName[] known)
    {
        if (Array.Find(known, name => name.Identifier == identifier) is not { } name)
        {
            name = _work!.Shelf.Open(identifier);
            _names.Add(name);
            _work.Shelf.SavePlan(name);
            return;
        }

        _names.Add(name);
        _outdated.Add(name);
        if (!name.IsBusy)
        {
            TakeUp(name);
        }
    }

    private bool TakeUp(ManagedName name)
    {
        var hasChanged = _work!.Shelf.TakeUp(name);
        _outdated.Remove(name);
        _work.Shelf.SavePlan(name);
        return hasChanged;
    }

    private void LookAround(CancellationToken stoppingToken)
    {
        lock (_lock)
        {
            _working.RemoveAll(task => task.IsCompleted);
            if (_work is not { } work)
            {
                return;
            }

            TakeUpWhatOthersDid(work);
            Answer(work, stoppingToken);
            foreach (var name in _names.Where(name => !name.IsBusy))
            {
                Try($"plan the renewal of {name.Identifier}", () => LookAt(name, work, stoppingToken));
            }
        }
    }

    private void LookAt(ManagedName name, AcmeWork work, CancellationToken stoppingToken)
    {
        var now = time.GetUtcNow();
        work.Shelf.Save(name, name.Corrected(now));
        var plan = name.Plan(work.Options.RenewDaysInAdvance, now);
        if (plan.IsClamped && !name.WasToldOfClamping)
        {
            name.WasToldOfClamping = true;
            LogClamped(name.Identifier.Value, work.Options.RenewDaysInAdvance, plan.At, plan.Why);
        }

        _expiry.Look(name, plan);
        if (plan.At <= now && name.HasPaused(time))
        {
            Begin(name, token => RenewAsync(name, work, forced: false, token), stoppingToken);
        }
        else if (work.Advice.IsDue(name))
        {
            Begin(name, token => work.Advice.AskAsync(name, token), stoppingToken);
        }
    }

    private void TakeUpWhatOthersDid(AcmeWork work)
    {
        var changed = false;
        foreach (var name in _outdated.Where(name => !name.IsBusy).ToArray())
        {
            Try($"read what is stored about {name.Identifier}", () => changed |= TakeUp(name));
        }

        if (time.GetElapsedTime(_filesSeenAt) >= LookAtFiles)
        {
            _filesSeenAt = time.GetTimestamp();
            foreach (var name in _names.Where(name => !name.IsBusy))
            {
                Try($"read what is stored about {name.Identifier}", () => changed |= work.Shelf.RefreshIfChanged(name));
            }
        }

        if (changed)
        {
            Publish();
        }
    }

    private void Answer(AcmeWork work, CancellationToken stoppingToken)
    {
        Try("read requests", () => _asked.UnionWith(requests.Take(_names.Select(name => name.Identifier))));
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
                Begin(name, token => AnswerAsync(asked, name, work, token), stoppingToken);
            }
        }
    }

    private void Begin(ManagedName name, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        name.IsBusy = true;
        _working.Add(Task.Run(() => DoAsync(name, work, stoppingToken), CancellationToken.None));
    }

    private async Task DoAsync(ManagedName name, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // Nothing was ordered: that the attempt is made is written down first, and that did not work.
            name.AttemptedAt = time.GetTimestamp();
            name.State = name.State with { Failures = name.State.Failures + 1 };
            LogWorkFailed(
                e is IOException or UnauthorizedAccessException ? null : e,
                name.Identifier.Value,
                Sentence.Of(e.Message),
                AcmeAdvice.For(e, name.Identifier) ?? "",
                time.GetUtcNow() + Backoff.Pause(name.State.Failures, 0));
        }
        finally
        {
            name.IsBusy = false;
        }
    }

    private async Task<RenewalOutcome> RenewAsync(ManagedName name, AcmeWork work, bool forced, CancellationToken cancellationToken)
    {
        var outcome = await work.Renewal.RunAsync(name, forced, cancellationToken);
        if (outcome == RenewalOutcome.Renewed)
        {
            lock (_lock)
            {
                Publish();
            }

            await work.Hook.RunAsync(name, cancellationToken);
        }

        return outcome;
    }

    private async Task AnswerAsync(RenewalRequest request, ManagedName name, AcmeWork work, CancellationToken cancellationToken)
    {
        var isLeft = false;
        var (error, remedy) = ((string?)null, (string?)null);
        try
        {
            if (request.IsDryRun)
            {
                await work.DryRun.RunAsync(name, cancellationToken);
            }
            else
            {
                var outcome = await RenewAsync(name, work, forced: true, cancellationToken);
                isLeft = outcome == RenewalOutcome.NotNeeded;
                (error, remedy) = outcome == RenewalOutcome.Failed ? (name.State.LastError, name.State.Remedy) : (null, null);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            IReadOnlyList<Exception> failures = e is AggregateException several ? several.InnerExceptions : [e];
            (error, remedy) = (Sentence.Join(failures.Select(failure => failure.Message)), AcmeAdvice.ForAll(failures, name.Identifier));
            if (!request.IsDryRun)
            {
                throw;
            }
        }
        finally
        {
            if (isLeft)
            {
                AskAgain(request);
            }
            else if (!cancellationToken.IsCancellationRequested)
            {
                Try("answer a request", () => requests.Answer(request, error, remedy));
            }
        }
    }

    // Another gateway on this state directory works on the name just now.
    private void AskAgain(RenewalRequest request)
    {
        lock (_lock)
        {
            _asked.Add(request);
        }
    }

    private void Publish() => served.Publish(CertificateSource.Acme, [.. _names.SelectMany(name => name.Certificates)]);

    private static async Task DisposeAsync(AcmeWork former, Task[] working)
    {
        await Task.WhenAll(working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        former.Dispose();
    }

    private Task[] StillWorking()
    {
        lock (_lock)
        {
            return [.. _working];
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

    [LoggerMessage(EventId = 362, Level = LogLevel.Error, Message = "Certificate for {Name}: nothing was ordered: {Error} {Remedy} Next attempt: {NextAttempt:u}")]
    private partial void LogWorkFailed(Exception? cause, string name, string error, string remedy, DateTimeOffset nextAttempt);

    [LoggerMessage(EventId = 363, Level = LogLevel.Warning, Message = "RenewDaysInAdvance {RenewDaysInAdvance:c} is too long for the certificate of {Name}; it is renewed {At:u}, when {Why}")]
    private partial void LogClamped(string name, TimeSpan? renewDaysInAdvance, DateTimeOffset at, string why);

    [LoggerMessage(EventId = 364, Level = LogLevel.Warning, Message = "LettuceEncrypt:RenewalCheckPeriod {RenewalCheckPeriod:c} has no effect: the gateway looks every {Look:c} whether a renewal is due")]
    private partial void LogCheckPeriod(TimeSpan renewalCheckPeriod, TimeSpan look);
}
