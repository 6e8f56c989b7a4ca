using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Gateway.Certificates;

namespace Gateway.Cli;

/// <summary>`gateway cert create`: a self-signed pair.</summary>
internal static class CertCreateCommand
{
    private const int MostDays = 3650;

    public static Command Create(CertContext context)
    {
        var domain = new Option<string[]>("--domain")
        {
            Description = "A DNS name or IP address that the certificate is for; may be given several times.",
            HelpName = "NAME-or-IP",
            DefaultValueFactory = _ => ["localhost"],
        };
        domain.Validators.Add(RefuseBadNames);
        var days = new Option<int>("--days")
        {
            Description = $"How long it is valid, 1 to {MostDays}.",
            HelpName = "N",
            DefaultValueFactory = _ => 365,
        };
        days.Validators.Add(RefuseBadDays);
        var output = new Option<DirectoryInfo>("--out")
        {
            Description = "The folder for server.crt and server.key.",
            HelpName = "DIR",
            DefaultValueFactory = _ => new DirectoryInfo("certs"),
        };
        var force = new Option<bool>("--force") { Description = "Overwrite files that are there." };

        var command = new Command("create", "Make a self-signed certificate; for development `gateway dev` needs none.")
        {
            domain, days, output, force,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(output).ToString(),
            parsed.GetRequiredValue(domain),
            parsed.GetRequiredValue(days),
            parsed.GetValue(force),
            context.Clock,
            parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string folder, string[] domains, int days, bool force, TimeProvider clock, InvocationConfiguration console)
    {
        var certificatePath = Path.Combine(folder, SelfSignedCertificate.CertificateFileName);
        var keyPath = Path.Combine(folder, SelfSignedCertificate.KeyFileName);
        if (!force && new[] { certificatePath, keyPath }.FirstOrDefault(File.Exists) is { } taken)
        {
            console.Error.WriteLine($"{taken} is there already; it was left as it is. Overwrite it with --force, or choose another folder with --out.");
            return 1;
        }

        try
        {
            using var certificate = SelfSignedCertificate.Write(folder, domains, days, clock);
            console.Output.WriteLine($$"""
                Wrote {{certificatePath}} and {{keyPath}}
                  for:     {{string.Join(", ", domains)}}
                  expires: {{certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}}

                Serve it with this in gateway.json:
                  "Gateway": { "Certificates": [{ "Path": "{{Json(certificatePath)}}", "KeyPath": "{{Json(keyPath)}}" }] }
                or with SSL_CERT_PATH={{certificatePath}} and SSL_KEY_PATH={{keyPath}} in the environment.

                Programs trust it when they are given the file: curl --cacert {{certificatePath}}, requests.get(url, verify="{{certificatePath}}").
                Browsers do not trust it, and a page behind a certificate warning may get neither microphone nor wss://.
                For browsers use the local authority instead: `gateway cert trust`, then `gateway dev`.
                """);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            console.Error.WriteLine($"The certificate could not be written to {Path.GetFullPath(folder)}: {e.Message} Choose another folder with --out.");
            return 1;
        }
    }

    private static string Json(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal);

    private static void RefuseBadNames(OptionResult result)
    {
        foreach (var token in result.Tokens)
        {
            if (SelfSignedCertificate.Problem(token.Value) is { } rule)
            {
                result.AddError($"--domain '{token.Value}': must be {rule}");
            }
        }
    }

    private static void RefuseBadDays(OptionResult result)
    {
        if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var days) && days is < 1 or > MostDays)
        {
            result.AddError($"--days '{days}': must be a number from 1 to {MostDays}");
        }
    }
}
