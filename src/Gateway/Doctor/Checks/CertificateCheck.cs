using System.Globalization;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;

namespace Gateway.Doctor.Checks;

/// <summary>Whether every certificate that is to be served can be, by the user that the gateway runs as, now and for a while.</summary>
internal sealed class CertificateCheck : ICheck
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    public string Topic => "certificates";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var configuration = examination.Configuration;
        if (!configuration.Endpoints.Any(e => e.IsHttps))
        {
            return Task.FromResult(CheckResult.NotApplicable("no https endpoint is served, so there is no microphone and no camera but on localhost"));
        }

        var findings = new List<Finding>();
        var summaries = new List<string>();
        foreach (var options in configuration.Certificates.Concat(configuration.EndpointCertificates))
        {
            summaries.Add(Look(examination, Absolute(examination, options), findings));
        }

        if (configuration.Acme is { } acme)
        {
            AutomaticCertificates.Look(examination, acme, findings, summaries);
        }
        else if (configuration.Certificates.Count == 0 && configuration.Endpoints.Any(e => e is { IsHttps: true, HasOwnCertificate: false }))
        {
            summaries.Add(LocalCertificate.Look(examination, findings));
        }

        return Task.FromResult(new CheckResult(string.Join("; ", summaries.Where(s => s.Length > 0).Distinct()), findings));
    }

    /// <summary>Until when it is valid, and what is wrong with that.</summary>
    /// <param name="renew">What to do about its age, with the commands.</param>
    public static string LookAtDates(Examination examination, string what, DateTimeOffset from, DateTimeOffset until, (string Remedy, IReadOnlyList<string> Commands) renew, List<Finding> findings)
    {
        var now = examination.Clock.GetUtcNow();
        if (until <= now)
        {
            findings.Add(new Finding(Severity.Error, $"{what} expired {Date(until)}, {(now - until).Days} days ago", "every client refuses it", renew.Remedy, renew.Commands));
        }
        else if (from > now)
        {
            findings.Add(new Finding(
                Severity.Error,
                $"{what} is not valid before {from.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, and this machine's clock says {now.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC",
                "every client whose clock says the same refuses it",
                "if this clock is wrong, set it; else wait, or have the certificate issued for now",
                $"{Examination.Sudo}timedatectl set-ntp true"));
        }
        else if (until - now < Soon && until - now < (until - from) / 3)
        {
            findings.Add(new Finding(Severity.Warning, $"{what} expires {Date(until)}, in {(until - now).Days} days", "after that every client refuses it", renew.Remedy, renew.Commands));
        }

        return Date(until);
    }

    private static string Look(Examination examination, CertificateFileOptions options, List<Finding> findings)
    {
        // 1. By the gateway's user, who may be another than whoever looks now.
        var before = findings.Count;
        if (ReadAccess.Obstacle(examination, [.. new[] { options.Path, options.KeyPath }.OfType<string>().Where(File.Exists)], options.Location) is { } obstacle)
        {
            findings.Add(obstacle);
        }

        // 2. As start-up loads it.
        try
        {
            var certificate = new CertificateFile(options).Load();
            var until = LookAtDates(examination, $"the certificate {options.Path} ({string.Join(", ", certificate.Names)})", certificate.NotBefore, certificate.NotAfter, CertificateFileFinding.Renewal(options, certificate), findings);
            return $"{certificate.Names.FirstOrDefault() ?? options.Path} until {until}";
        }
        catch (CertificateFileException e)
        {
            // Not the same twice: that the service may not read it is said, or this user may not though the service may.
            if (e.InnerException is not UnauthorizedAccessException)
            {
                findings.Add(CertificateFileFinding.Of(examination, options, e));
            }
            else if (findings.Count == before)
            {
                findings.Add(examination.User is { IsThisProcess: true }
                    ? CertificateFileFinding.Of(examination, options, e)
                    : new Finding(Severity.Unknown, $"{e.Path} is closed to this user, so what is in it could not be looked at", "the gateway's own user may be able to read it", "run this as root", $"sudo {examination.OwnCommand} doctor{examination.ConfigArgument}"));
            }

            return "";
        }
    }

    // A service's relative paths are relative to its folder, not to where the operator stands.
    private static CertificateFileOptions Absolute(Examination examination, CertificateFileOptions options) => examination is { Unit: { } unit, Mode: HostMode.Run }
        ? options with { Path = Path.GetFullPath(options.Path, unit.WorkingDirectory), KeyPath = options.KeyPath is { } key ? Path.GetFullPath(key, unit.WorkingDirectory) : null }
        : options;

    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
