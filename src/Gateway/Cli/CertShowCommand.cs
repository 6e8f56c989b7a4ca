using System.CommandLine;
using System.Globalization;
using Gateway.Certificates;

namespace Gateway.Cli;

/// <summary>`gateway cert show`: every certificate that would be served.</summary>
internal static class CertShowCommand
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var command = new Command("show", "Show every certificate that would be served.") { config };
        command.SetAction(parsed => Run(context, parsed.GetRequiredValue(config), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(CertContext context, FileInfo config, InvocationConfiguration console)
    {
        var (configuration, configurationErrors) = context.Read(config);
        var certificates = new List<ServedCertificate>();
        var errors = new List<string>();
        if (configurationErrors.Count > 0)
        {
            errors.Add($"{config}: {configurationErrors.Count} error(s); see `gateway check --config {config}`");
        }

        foreach (var options in configuration.Certificates)
        {
            try
            {
                certificates.Add(new CertificateFile(options).Load());
            }
            catch (CertificateFileException e)
            {
                errors.Add($"{options.Location}: {options.ConfigurationPath}: {e.Message}");
            }
        }

        try
        {
            if (LocalAuthority.TryOpen(context.StateDirectory(configuration), context.Clock)?.IssuedLeaf() is { } leaf)
            {
                certificates.Add(leaf);
            }
        }
        catch (LocalAuthorityException e)
        {
            errors.Add(e.Message);
        }

        var acme = configurationErrors.Count == 0 && configuration.Acme is not null ? context.OpenAcme(config, $"gateway cert show --config {config}", console.Error) : null;
        var isClosed = configurationErrors.Count == 0 && configuration.Acme is not null && acme is null;
        foreach (var name in acme?.Names ?? [])
        {
            try
            {
                if (acme!.Certificate(name) is var (certificate, _))
                {
                    certificates.Add(certificate);
                }
            }
            catch (CertificateFileException e)
            {
                errors.Add($"{name}: {AcmeReport.Explain(e)}");
            }
        }

        if (!config.Exists)
        {
            console.Error.WriteLine($"There is no file {config}: this is what there is without one. Name the gateway's with --config.");
        }

        if (certificates.Count == 0 && acme is null)
        {
            console.Output.WriteLine("No certificate would be served from files or from the local authority.");
        }
        else if (certificates.Count > 0)
        {
            WriteTable(certificates, context.Clock.GetUtcNow(), console.Output);
        }

        if (acme is not null)
        {
            AcmeReport.Write(acme, context.Clock.GetUtcNow(), console.Output);
        }

        errors.ForEach(console.Error.WriteLine);
        return errors.Count > 0 || isClosed ? 1 : 0;
    }

    private static void WriteTable(List<ServedCertificate> certificates, DateTimeOffset now, TextWriter output)
    {
        string[][] rows =
        [
            ["NAMES", "ISSUER", "SOURCE", "EXPIRES"],
            .. certificates.Select(certificate => new[]
            {
                string.Join(", ", certificate.Names.DefaultIfEmpty("(none)")),
                certificate.Issuer,
                Source(certificate),
                Expiry(certificate, now),
            }),
        ];
        var widths = Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadRight(widths[2])}  {row[3]}");
        }
    }

    private static string Source(ServedCertificate certificate) => certificate.Source switch
    {
        CertificateSource.File => certificate.Origin,
        CertificateSource.Acme => $"ACME ({certificate.Origin})",
        CertificateSource.LocalAuthority => "local authority (gateway dev)",
        _ => certificate.Source.ToString(),
    };

    private static string Expiry(ServedCertificate certificate, DateTimeOffset now)
    {
        var left = certificate.NotAfter - now;
        var third = (certificate.NotAfter - certificate.NotBefore) / 3;
        var mark =
            left <= TimeSpan.Zero ? $"EXPIRED {(-left).Days} days ago"
            : certificate.NotBefore > now ? $"NOT VALID until {certificate.NotBefore:yyyy-MM-dd}"
            : left < Soon && left < third ? $"SOON: {left.Days} days left"
            : $"{left.Days} days left";
        return string.Create(CultureInfo.InvariantCulture, $"{certificate.NotAfter:yyyy-MM-dd} ({mark})");
    }
}
