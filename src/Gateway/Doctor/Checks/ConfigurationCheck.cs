using System.Globalization;

namespace Gateway.Doctor.Checks;

/// <summary>Whether gateway.json can be served, and is what the running gateway serves.</summary>
internal sealed class ConfigurationCheck : ICheck
{
    public string Topic => "configuration";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var path = examination.Written.FilePath;
        var findings = examination.ConfigurationErrors.Select(error => new Finding(
            Severity.Error,
            error.ToString(),
            examination.IsRunning ? "the running gateway keeps the configuration that it has; a restart would fail" : "the gateway does not start with it",
            error.Remedy ?? "correct it")
        { Place = error.Location }).ToList();
        if (findings.Count == 0 && examination.Status?.Configuration is { RejectedAt: not null } running && Same(running.File, path))
        {
            findings.Add(new Finding(
                Severity.Warning,
                $"{path} is valid here, but the running gateway refused it: {string.Join("; ", running.Errors)}",
                "it still serves the version before",
                "what it names may differ for the gateway's user, or has been mended since: have it read again",
                examination.Unit is { } unit ? $"{Examination.Sudo}systemctl reload {unit.Name}" : $"{Examination.Sudo}kill -HUP {examination.ProcessId}"));
        }

        var applied = examination.Status is { } status && Same(status.Configuration.File, path)
            ? $", in force since {status.Configuration.AppliedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}"
            : "";
        return Task.FromResult(new CheckResult($"{path} is valid{applied}", findings));
    }

    private static bool Same(string a, string b) => Path.GetFullPath(a) == Path.GetFullPath(b);
}
