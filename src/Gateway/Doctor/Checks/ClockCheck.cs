using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether this machine's clock is right: by what the kernel says, by the CA, and by services on other machines.</summary>
internal sealed class ClockCheck : ICheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    // As the running gateway warns of it.
    private static readonly TimeSpan TooMuch = TimeSpan.FromMinutes(5);

    public string Topic => "clock";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var seen = new List<(string Who, TimeSpan Skew)>();
        if (examination.Configuration.Acme is { } acme && await AskAsync(examination, acme.Issuers[0], cancellationToken) is { } skew)
        {
            seen.Add((acme.Issuers[0].DirectoryUrl.Host, skew));
        }

        // A service on this machine goes by the same clock.
        seen.AddRange((await examination.ServicesAsync()).Where(s => s.Time is not null && !new Uri(s.Address).IsLoopback)
            .Select(s => (new Uri(s.Address).Authority, s.Time!.Value.There - s.Time.Value.Here)));
        var result = Judge(LinuxClock.IsSynchronized(), seen);
        // The local CA goes by the same clock, and many a container says nothing.
        return result.Worst == Severity.Unknown && examination.Mode == HostMode.Dev
            ? CheckResult.NotApplicable("could not be told here; compare it with another: date -u")
            : result;
    }

    /// <param name="isSynchronized">What the kernel says; null where it says nothing.</param>
    /// <param name="seen">By how much others are ahead of this machine.</param>
    public static CheckResult Judge(bool? isSynchronized, IReadOnlyList<(string Who, TimeSpan Skew)> seen)
    {
        string[] commands = [$"{Examination.Sudo}timedatectl set-ntp true"];
        if (seen.Where(s => s.Skew.Duration() > TooMuch).OrderByDescending(s => s.Skew.Duration()).ToArray() is [var worst, ..])
        {
            return new CheckResult("", new Finding(
                Severity.Error,
                $"this machine's clock is {worst.Skew.Duration():d\\.hh\\:mm\\:ss} {(worst.Skew > TimeSpan.Zero ? "behind" : "ahead of")} that of {worst.Who}",
                "certificates are valid by the clock: they are renewed at the wrong time or refused, and tokens expire early or late",
                "have it set by the network", commands));
        }

        return (isSynchronized, seen) switch
        {
            (true, _) => new CheckResult("kept right by a time service"),
            (_, [var (who, difference), ..]) => new CheckResult($"within {Math.Max(1, Math.Ceiling(difference.Duration().TotalSeconds)):0} s of {who}"),
            (false, _) => new CheckResult("", new Finding(
                Severity.Unknown, "whether the clock is right could not be told: the kernel says that no time service keeps it, and nobody else could be asked",
                "certificates are valid by the clock", "compare it with another clock, and have it kept by the network", ["date -u", .. commands])),
            _ => new CheckResult("", new Finding(
                Severity.Unknown, "whether the clock is right could not be told here", "certificates are valid by the clock", "compare it with another clock", "date -u")),
        };
    }

    private static async Task<TimeSpan?> AskAsync(Examination examination, AcmeIssuerOptions issuer, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            using var client = AcmeHttp.CreateClient(issuer.TrustedRoots is { Count: > 0 } paths ? [.. paths.SelectMany(TrustedRoots.Read)] : null);
            using var response = await client.GetAsync(issuer.DirectoryUrl, limited.Token);
            return response.Headers.Date - examination.Clock.GetUtcNow();
        }
        catch (Exception e) when (e is HttpRequestException or Certificates.CertificateFileException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
