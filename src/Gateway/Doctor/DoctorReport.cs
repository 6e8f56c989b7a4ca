using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Hosting;

namespace Gateway.Doctor;

/// <summary>What <c>gateway doctor --json</c> prints. Its names stay; new ones may be added.</summary>
/// <param name="Version">Of this program.</param>
/// <param name="Configuration">The file.</param>
/// <param name="Mode">run or dev: what was looked at.</param>
/// <param name="ProcessId">Of the running gateway; null when none runs.</param>
/// <param name="User">Whom it runs as, or would; null where that is not known.</param>
/// <param name="Errors">How many findings are errors; the command ends with 1 when there are any.</param>
/// <param name="Fixed">What <c>--fix</c> did.</param>
internal sealed record DoctorReport(
    string Version, string Configuration, string Mode, int? ProcessId, string? User, int Errors, int Warnings, int Unknown,
    IReadOnlyList<CheckReport> Checks, IReadOnlyList<string> Fixed)
{
    public static DoctorReport Of(Examination examination, IReadOnlyList<(ICheck Check, CheckResult Result)> results, IReadOnlyList<string> done)
    {
        var findings = results.SelectMany(r => r.Result.Findings).ToArray();
        return new DoctorReport(
            StartupReport.ProductVersion,
            Path.GetFullPath(examination.Written.FilePath),
            examination.Mode == HostMode.Dev ? "dev" : "run",
            examination.ProcessId,
            examination.User?.Name,
            findings.Count(f => f.Severity == Severity.Error),
            findings.Count(f => f.Severity == Severity.Warning),
            findings.Count(f => f.Severity == Severity.Unknown),
            [.. results.Select(r => CheckReport.Of(r.Check, r.Result))],
            done);
    }

    // For people too: 'nginx' instead of \u0027nginx\u0027.
    public string ToJson() => JsonSerializer.Serialize(
        this, new DoctorJson(new JsonSerializerOptions(DoctorJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).DoctorReport);
}

/// <param name="Check">Its topic.</param>
/// <param name="State">ok, not-applicable, unknown, warning or error: that of the worst finding.</param>
/// <param name="Summary">What was looked at; for not-applicable, why there was nothing.</param>
internal sealed record CheckReport(string Check, string State, string Summary, IReadOnlyList<FindingReport> Findings)
{
    public static CheckReport Of(ICheck check, CheckResult result) => new(
        check.Topic,
        result.Worst is { } worst ? Name(worst) : result.Applies ? "ok" : "not-applicable",
        result.Summary,
        [.. result.Findings.Select(f => new FindingReport(Name(f.Severity), f.What, f.Why, f.Remedy, f.Commands, f.Place, f.Write, f.InsteadOf, f.Repair is not null))]);

    private static string Name(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "unknown",
    };
}

/// <param name="Severity">error, warning, or unknown for what could not be told.</param>
/// <param name="Commands">For a shell, one after the other; empty where something is to be written.</param>
/// <param name="Place">Where to write.</param>
/// <param name="Write">What to write there.</param>
/// <param name="InsteadOf">What it replaces; null where it is added.</param>
/// <param name="CanFix">Whether <c>--fix</c> does it.</param>
internal sealed record FindingReport(
    string Severity, string What, string Why, string Remedy, IReadOnlyList<string> Commands, string? Place, string? Write, string? InsteadOf, bool CanFix);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
