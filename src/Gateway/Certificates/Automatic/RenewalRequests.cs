using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// What `gateway cert renew` asks of the running gateway: an empty file, whose name says it all, so that it does not matter
/// whether the gateway's user may read a file of root's.
/// </summary>
internal sealed class RenewalRequests(AcmeFolder folder, TimeProvider time)
{
    private const string DryRunSuffix = ".dry-run";

    // Asked of a gateway that did not run, and forgotten by now.
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);

    /// <summary>Asks for a renewal. The answer is the name's <see cref="NameState"/>: LastAttempt, or LastDryRun.</summary>
    /// <exception cref="IOException">It cannot be asked: no gateway has ever run on this state directory.</exception>
    /// <exception cref="UnauthorizedAccessException">Only the gateway's user and root may ask.</exception>
    public static void Ask(AcmeFolder folder, AcmeIdentifier name, bool dryRun)
    {
        using var file = File.Create(Path.Combine(folder.Requests, AcmeFolder.FileName(name) + (dryRun ? DryRunSuffix : "")));
    }

    public void Prepare() => AtomicFile.CreateSecretFolder(folder.Requests);

    /// <summary>The requests since the last call, each once.</summary>
    public IReadOnlyList<(string FileName, bool DryRun)> Take()
    {
        var requests = new List<(string, bool)>();
        if (!Directory.Exists(folder.Requests))
        {
            return requests;
        }

        foreach (var file in new DirectoryInfo(folder.Requests).EnumerateFiles())
        {
            var isStale = file.LastWriteTimeUtc < (time.GetUtcNow() - Stale).UtcDateTime;
            file.Delete();
            if (!isStale)
            {
                var dryRun = file.Name.EndsWith(DryRunSuffix, StringComparison.Ordinal);
                requests.Add((dryRun ? file.Name[..^DryRunSuffix.Length] : file.Name, dryRun));
            }
        }

        return requests;
    }
}
