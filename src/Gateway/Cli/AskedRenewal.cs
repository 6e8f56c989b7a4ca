using Gateway.Acme;
using Gateway.Certificates.Automatic;

namespace Gateway.Cli;

/// <summary>How asking the running gateway ended.</summary>
internal enum AskedStatus
{
    Succeeded,
    Failed,

    /// <summary>No gateway took the request up, and it was withdrawn.</summary>
    NobodyThere,

    /// <summary>A gateway took it up and is at it still.</summary>
    StillWorking,
}

/// <summary>Asks the running gateway to renew one name, and waits for what comes of it.</summary>
internal sealed class AskedRenewal(AcmeFolder folder, AcmeIdentifier name, bool dryRun, TimeProvider clock)
{
    /// <summary>How long a gateway may take to notice; it looks every 5 seconds, and the name may be being worked on.</summary>
    public static readonly TimeSpan LongestUnnoticed = TimeSpan.FromSeconds(20);

    /// <summary>How long an order may take; a DNS hook alone may take 5 minutes.</summary>
    public static readonly TimeSpan LongestOrder = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private RenewalAnswer? _before;

    public AcmeIdentifier Name => name;

    /// <exception cref="IOException">No gateway has ever run with automatic certificates on this state directory.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not ask.</exception>
    public void Ask()
    {
        _before = RenewalRequests.PeekAnswer(folder, name, dryRun);
        RenewalRequests.Ask(folder, name, dryRun);
    }

    public async Task<(AskedStatus Status, RenewalAnswer? Answer)> WaitAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        while (RenewalRequests.IsOpen(folder, name, dryRun))
        {
            if (clock.GetElapsedTime(asked) > LongestUnnoticed)
            {
                RenewalRequests.Withdraw(folder, name, dryRun);
                return (AskedStatus.NobodyThere, null);
            }

            await Task.Delay(Look, clock, cancellationToken);
        }

        asked = clock.GetTimestamp();
        while (true)
        {
            if (RenewalRequests.PeekAnswer(folder, name, dryRun) is { } answer && answer != _before)
            {
                return (answer.Error is null ? AskedStatus.Succeeded : AskedStatus.Failed, answer);
            }

            if (clock.GetElapsedTime(asked) > LongestOrder)
            {
                return (AskedStatus.StillWorking, null);
            }

            await Task.Delay(Look, clock, cancellationToken);
        }
    }
}
