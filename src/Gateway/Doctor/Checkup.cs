using Gateway.Doctor.Checks;

namespace Gateway.Doctor;

/// <summary>All checks, run side by side, each for a limited time.</summary>
internal sealed class Checkup(Examination examination)
{
    /// <summary>The longest waits for a service, then for the page, then holds a WebSocket for three seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>In the order in which a person reads them.</summary>
    public static IReadOnlyList<ICheck> All { get; } =
    [
        new ConfigurationCheck(),
        new RunningCheck(),
        new CertificateCheck(),
        new TrustCheck(),
        new PortCheck(),
        new ServiceCheck(),
        new WebSocketCheck(),
        new PageCheck(),
        new DnsCheck(),
        new ClockCheck(),
        new StateCheck(),
        new UnitCheck(),
        new LimitCheck(),
    ];

    public async Task<IReadOnlyList<(ICheck Check, CheckResult Result)>> RunAsync(IReadOnlyList<ICheck> checks, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(checks.Select(check => RunAsync(check, cancellationToken)));
        return [.. checks.Zip(results)];
    }

    private async Task<CheckResult> RunAsync(ICheck check, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            // Some look at files and start programs before they wait for anything.
            return await Task.Run(() => check.RunAsync(examination, limited.Token), limited.Token).WaitAsync(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CouldNotTell($"{check.Topic} could not be told within {Patience.TotalSeconds:0} s", "the machine or a service is very slow");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One topic that cannot be looked at must not hide the others.
            return CouldNotTell($"{check.Topic} could not be told: {e.Message}", "what was looked at is in a state that this check does not know");
        }
    }

    private static CheckResult CouldNotTell(string what, string why) => new("", new Finding(Severity.Unknown, what, why, "run it again, as root if you did not"));
}
