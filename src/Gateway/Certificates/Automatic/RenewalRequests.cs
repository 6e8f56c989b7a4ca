using System.Text.Json;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>What somebody asks the running gateway to do about one name.</summary>
/// <param name="FileName">The name, as <see cref="AcmeFolder.FileName"/> has it.</param>
/// <param name="IsDryRun">At a staging server only.</param>
internal readonly record struct RenewalRequest(string FileName, bool IsDryRun);

/// <summary>What became of a request.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Error">Null when it succeeded.</param>
/// <param name="Remedy">What to do about the error; null when that is not known.</param>
internal sealed record RenewalAnswer(DateTimeOffset At, string? Error, string? Remedy);

/// <summary>
/// What `gateway cert renew` asks of the running gateway: an empty file, whose name says it all, so that it does not matter
/// whether the gateway's user may read a file of root's. The gateway removes it when it begins, and leaves an answer at the end.
/// </summary>
internal sealed class RenewalRequests(AcmeFolder folder, StateFiles files, TimeProvider time)
{
    private const string DryRunSuffix = ".dry-run";

    // Asked of a gateway that did not run, and forgotten by now.
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);

    /// <summary>Asks for a renewal.</summary>
    /// <exception cref="IOException">It cannot be asked: no gateway has ever run on this state directory.</exception>
    /// <exception cref="UnauthorizedAccessException">Only the gateway's user and root may ask.</exception>
    public static void Ask(AcmeFolder folder, AcmeIdentifier name, bool dryRun)
    {
        using var file = File.Create(Path.Combine(folder.Requests, FileName(name, dryRun)));
    }

    /// <summary>Whether no gateway has taken a request up so far.</summary>
    public static bool IsOpen(AcmeFolder folder, AcmeIdentifier name, bool dryRun) =>
        File.Exists(Path.Combine(folder.Requests, FileName(name, dryRun)));

    /// <summary>Asks no more.</summary>
    public static void Withdraw(AcmeFolder folder, AcmeIdentifier name, bool dryRun) =>
        File.Delete(Path.Combine(folder.Requests, FileName(name, dryRun)));

    /// <summary>The answer to the last request of this kind about a name; null when there is none yet.</summary>
    public static RenewalAnswer? PeekAnswer(AcmeFolder folder, AcmeIdentifier name, bool dryRun)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(AnswerPath(folder, FileName(name, dryRun))), AutomaticJson.Default.RenewalAnswer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Prepare() => AtomicFile.CreateSecretFolder(folder.Requests);

    /// <summary>The requests since the last call, each once; those about names of another gateway on this state directory are left to it.</summary>
    public IReadOnlyList<RenewalRequest> Take(IEnumerable<AcmeIdentifier> ours)
    {
        var requests = new List<RenewalRequest>();
        if (!Directory.Exists(folder.Requests))
        {
            return requests;
        }

        var names = ours.Select(AcmeFolder.FileName).ToHashSet();
        foreach (var file in new DirectoryInfo(folder.Requests).EnumerateFiles())
        {
            var isDryRun = file.Name.EndsWith(DryRunSuffix, StringComparison.Ordinal);
            var request = new RenewalRequest(isDryRun ? file.Name[..^DryRunSuffix.Length] : file.Name, isDryRun);
            var isStale = file.LastWriteTimeUtc < (time.GetUtcNow() - Stale).UtcDateTime;
            var isOurs = names.Contains(request.FileName);
            if (isStale || isOurs)
            {
                file.Delete();
            }

            if (isOurs && !isStale)
            {
                requests.Add(request);
            }
        }

        return requests;
    }

    /// <summary>Tells whoever asked what became of it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Answer(RenewalRequest request, string? error, string? remedy) => files.Write(
        AnswerPath(folder, request.FileName + (request.IsDryRun ? DryRunSuffix : "")),
        JsonSerializer.SerializeToUtf8Bytes(new RenewalAnswer(time.GetUtcNow(), error, remedy), AutomaticJson.Default.RenewalAnswer));

    private static string FileName(AcmeIdentifier name, bool dryRun) => AcmeFolder.FileName(name) + (dryRun ? DryRunSuffix : "");

    private static string AnswerPath(AcmeFolder folder, string fileName) => Path.Combine(folder.Answers, fileName + ".json");
}
