using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;

namespace Gateway.Cli;

/// <summary>What `gateway cert show` says about each automatic certificate.</summary>
internal static class AcmeReport
{
    // A running gateway is late by seconds.
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    public static void Write(AcmeState state, DateTimeOffset now, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"Automatic certificates, kept in {state.Folder.StateDirectory}");
        foreach (var name in state.Names)
        {
            output.WriteLine();
            output.WriteLine($"  {name}");
            foreach (var (label, text) in Lines(state, name, now))
            {
                output.WriteLine($"    {label + ":",-14} {text}");
            }
        }
    }

    private static IEnumerable<(string Label, string Text)> Lines(AcmeState state, AcmeIdentifier name, DateTimeOffset now)
    {
        var kept = NameStates.Peek(state.Folder, name);
        yield return ("certificate", Certificate(state, name, now));
        yield return ("last attempt", LastAttempt(kept, state.IsWorkedOn(name, now), now));
        if (kept is { LastError: { } error } && !state.IsWorkedOn(name, now))
        {
            yield return ("last error", Sentence.Of(error));
            if (kept.Remedy is { } remedy)
            {
                yield return ("what to do", remedy);
            }
        }

        yield return ("next attempt", NextAttempt(kept, HasCertificate(state, name), now));
        if (RenewalRequests.PeekAnswer(state.Folder, name, dryRun: true) is { } dryRun)
        {
            var outcome = dryRun.Error is null ? "succeeded" : $"failed: {Sentence.Of(dryRun.Error)} {dryRun.Remedy}".TrimEnd();
            yield return ("last dry run", $"{TimeText.Of(dryRun.At, now)}: {outcome}");
        }
    }

    private static string Certificate(AcmeState state, AcmeIdentifier name, DateTimeOffset now)
    {
        try
        {
            if (state.Certificate(name) is not var (certificate, issuer))
            {
                return "none yet; until it is there a temporary one is served, which browsers warn of";
            }

            var end = certificate.NotAfter <= now ? "EXPIRED" : "expires";
            return $"issued by {certificate.Issuer} ({issuer.Host}), {end} {TimeText.Of(certificate.NotAfter, now)}";
        }
        catch (CertificateFileException e)
        {
            return $"cannot be read: {Sentence.Of(Explain(e))}";
        }
    }

    /// <summary>What is wrong with a stored certificate, and what becomes of it.</summary>
    public static string Explain(CertificateFileException e) => e.InnerException is IOException or UnauthorizedAccessException
        ? e.Message
        : $"{e.Path}: {e.Rule}; the gateway puts it aside at its next start and obtains another";

    private static string LastAttempt(NameState? kept, bool isWorkedOn, DateTimeOffset now) => kept?.LastAttempt is not { } at
        ? isWorkedOn ? "the first is under way" : "none yet"
        : isWorkedOn ? $"{TimeText.Of(at, now)}: under way"
        : kept.Failures == 0 ? $"{TimeText.Of(at, now)}: succeeded"
        : $"{TimeText.Of(at, now)}: failed; failures in a row: {kept.Failures}";

    private static bool HasCertificate(AcmeState state, AcmeIdentifier name)
    {
        try
        {
            return state.Certificate(name) is not null;
        }
        catch (CertificateFileException)
        {
            return false;
        }
    }

    // A plan for a certificate that has gone since then says nothing.
    private static string NextAttempt(NameState? kept, bool hasCertificate, DateTimeOffset now) =>
        kept?.NextAttempt is not { } at || (!hasCertificate && kept.Failures == 0) ? "as soon as a gateway runs, for there is no certificate that could be served"
        : at < now - Late ? $"was due {TimeText.Of(at, now)} and has not been made: it seems that no gateway runs on this state directory; start it"
        : $"{TimeText.Of(at, now)}, because {Reason(kept)}";

    private static string Reason(NameState kept) =>
        kept.Failures > 0 && kept.NextReason?.StartsWith("after ", StringComparison.Ordinal) == true
            ? $"it is tried again {kept.NextReason}, with growing pauses"
            : kept.NextReason is { } reason ? (reason.EndsWith("is left", StringComparison.Ordinal) ? reason + " then" : reason)
            : "it is due then";
}
