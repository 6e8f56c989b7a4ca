using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting.Admin;

namespace Gateway.Doctor.Checks;

/// <summary>Certificates from ACME: from the running gateway where it says, else from its files.</summary>
internal static class AutomaticCertificates
{
    public static void Look(Examination examination, AcmeOptions acme, List<Finding> findings, List<string> summaries)
    {
        foreach (var hook in Hosting.AcmeLine.HookWarnings(acme))
        {
            findings.Add(new Finding(Severity.Warning, hook, "it is needed at the next order", "correct the path in gateway.json, or make it executable"));
        }

        foreach (var name in acme.DomainNames)
        {
            if (Find(examination, acme, name, findings) is var (found, renewal))
            {
                summaries.Add(Look(examination, name, found, renewal, findings));
            }
        }
    }

    private static string Look(Examination examination, string name, (DateTimeOffset From, DateTimeOffset Until)? found, RenewalStatus? renewal, List<Finding> findings)
    {
        (string, IReadOnlyList<string>) renew = (
            renewal?.Remedy ?? "have the gateway try again, and read what comes of it",
            [$"{Examination.Sudo}{examination.OwnCommand} cert renew {name}{examination.ConfigArgument}"]);
        if (found is not var (from, until))
        {
            findings.Add(new Finding(
                Severity.Error,
                $"there is no certificate for {name} yet{(renewal?.LastError is { } error ? $": {error.TrimEnd('.')}" : "")}",
                "a temporary one is served, which browsers warn of",
                examination.IsRunning ? renew.Item1 : "the gateway obtains it when it runs: start it",
                examination.IsRunning ? renew.Item2 : examination.Unit is { } unit ? [$"{Examination.Sudo}systemctl start {unit.Name}"] : []));
            return "";
        }

        var count = findings.Count;
        var date = CertificateCheck.LookAtDates(examination, $"the certificate for {name}", from, until, renew, findings);
        if (count == findings.Count && renewal is { Failures: > 0, LastError: { } last })
        {
            findings.Add(new Finding(
                Severity.Warning,
                $"the renewal for {name} has failed {renewal.Failures} times: {last.TrimEnd('.')}",
                $"the certificate is good until {date}; it is tried again by itself{(renewal.NextAttempt is { } next ? $" at {next.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "")}",
                renew.Item1, renew.Item2));
        }

        return $"{name} until {date}";
    }

    private static ((DateTimeOffset, DateTimeOffset)? Found, RenewalStatus? Renewal)? Find(Examination examination, AcmeOptions acme, string name, List<Finding> findings)
    {
        if (examination.Status is { } status)
        {
            var served = status.Certificates.Where(c => c.Source is "Acme" or "Wanted").FirstOrDefault(c => c.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
            return (served is { NotBefore: { } from, NotAfter: { } until } ? (from, until) : null, served?.Renewal);
        }

        var folder = new AcmeFolder(examination.StateDirectory);
        var identifier = AcmeIdentifier.Parse(name);
        try
        {
            if (Directory.Exists(folder.Root))
            {
                _ = Directory.EnumerateFileSystemEntries(folder.Root).FirstOrDefault();
            }

            var stored = acme.Issuers.Select(issuer => CertificateStore.Peek(folder, issuer.DirectoryUrl, identifier)).OfType<ServedCertificate>().MaxBy(c => c.NotAfter);
            var kept = NameStates.Peek(folder, identifier);
            return (
                stored is null ? null : (stored.NotBefore, stored.NotAfter),
                kept is null ? null : new RenewalStatus(kept.NextAttempt, kept.NextReason, kept.LastAttempt, kept.Failures, kept.LastError, kept.Remedy));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or CertificateFileException { InnerException: UnauthorizedAccessException })
        {
            findings.Add(new Finding(
                Severity.Unknown, $"the certificate for {name} is kept in {examination.StateDirectory}, which is closed to this user", "whether there is one could not be seen",
                "run this as root", $"sudo {examination.OwnCommand} doctor{examination.ConfigArgument}"));
        }
        catch (CertificateFileException e)
        {
            findings.Add(new Finding(Severity.Warning, $"the certificate for {name}: {e.Path}: {e.Rule}", "the gateway puts it aside at its next start and obtains another", "restart it", examination.Restart is { Length: > 0 } restart ? [restart] : []));
        }

        return null;
    }
}
