using Gateway.Certificates;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>The local CA's certificate, where no other is configured.</summary>
internal static class LocalCertificate
{
    public static string Look(Examination examination, List<Finding> findings)
    {
        // The running gateway says it to everybody; its files are its own.
        if (examination.Status?.Certificates.FirstOrDefault(c => c is { Source: nameof(CertificateSource.LocalAuthority), NotAfter: not null }) is { } served)
        {
            return $"the local CA's, until {CertificateCheck.LookAtDates(examination, "the local CA's certificate", served.NotBefore!.Value, served.NotAfter!.Value, Reissue(examination), findings)}";
        }

        if (IsClosed(examination.StateDirectory))
        {
            findings.Add(Closed(examination));
            return "";
        }

        if (!File.Exists(LocalAuthority.RootPathIn(examination.StateDirectory)))
        {
            findings.Add(Missing(examination));
            return "";
        }

        try
        {
            // Opening one that is there changes nothing but the mode of its folder, which is right already.
            if (LocalAuthority.TryOpen(examination.StateDirectory, examination.Clock)?.IssuedLeaf() is not { } leaf)
            {
                return "the local CA's, issued at the next start";
            }

            var until = CertificateCheck.LookAtDates(
                examination, $"the local CA's certificate ({string.Join(", ", leaf.Names)})", leaf.NotBefore, leaf.NotAfter,
                Reissue(examination), findings);
            return $"the local CA's, until {until}";
        }
        catch (LocalAuthorityException e) when (e.InnerException is UnauthorizedAccessException)
        {
            findings.Add(Closed(examination));
        }
        catch (LocalAuthorityException e)
        {
            findings.Add(new Finding(
                Severity.Error, e.Message, "no certificate can be issued from it",
                "put it away, so that the gateway makes another, which has to be trusted anew",
                ExternalCommand.ForShell("mv", Path.Combine(examination.StateDirectory, "local-ca"), Path.Combine(examination.StateDirectory, "local-ca.old"))));
        }

        return "";
    }

    /// <summary>Whether a folder may not be looked into.</summary>
    public static bool IsClosed(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                _ = Directory.EnumerateFileSystemEntries(folder).FirstOrDefault();
            }

            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static (string, IReadOnlyList<string>) Reissue(Examination examination) =>
        ("restart the gateway: it issues another", examination.Restart is { Length: > 0 } restart ? [restart] : []);

    private static Finding Closed(Examination examination) => new(
        Severity.Unknown, $"the local CA in {examination.StateDirectory} is closed to this user", "what the gateway serves from it could not be looked at",
        "run this as root", $"sudo {examination.OwnCommand} doctor{examination.ConfigArgument}");

    private static Finding Missing(Examination examination)
    {
        var mayNot = examination.User is { IsThisProcess: false };
        return new Finding(
            examination.IsRunning ? Severity.Error : Severity.Warning,
            $"certificate missing: there is no local CA in {examination.StateDirectory} yet",
            "the gateway makes it at its start, but nothing trusts it until it is told to",
            "make it and have it trusted",
            $"{examination.OwnCommand} cert trust{examination.ConfigArgument}")
        {
            // As root's file the service could not read it.
            Repair = mayNot ? null : () =>
            {
                var authority = LocalAuthority.OpenOrCreate(examination.StateDirectory, examination.Clock);
                return $"made {authority.RootPath}";
            },
        };
    }
}
