using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the installed systemd units are those of this version.</summary>
internal sealed class UnitCheck : ICheck
{
    private const int MostLines = 6;

    public string Topic => "unit";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Unit is not { } unit)
        {
            return Task.FromResult(CheckResult.NotApplicable("the gateway is not installed as a service here"));
        }

        var findings = new[] { Look(unit.Path), unit.SocketPath is { } socket ? Look(socket) : null }.OfType<Finding>().ToList();
        if (NeedsReload())
        {
            findings.Add(new Finding(
                Severity.Warning, $"{unit.Path} or a drop-in has changed since systemd read it", "systemd goes by what it has read",
                "have it read again, then restart the service", $"{Examination.Sudo}systemctl daemon-reload", examination.Restart));
        }

        if (unit.Program is { } program && !File.Exists(program))
        {
            findings.Add(new Finding(
                Severity.Error, $"{unit.Path} starts {program}, which is not there", "the service does not start", "install the program",
                $"{Examination.Sudo}install -m 755 {ExternalCommand.ForShell(Environment.ProcessPath ?? "gateway")} {ExternalCommand.ForShell(program)}"));
        }

        return Task.FromResult(new CheckResult($"{unit.Path} is this version's", findings));
    }

    /// <summary>A file of <c>deploy/</c> as this program ships it; null when there is none of that name.</summary>
    public static string? Shipped(string name)
    {
        using var stream = typeof(UnitCheck).Assembly.GetManifestResourceStream("deploy/" + name);
        return stream is null ? null : new StreamReader(stream).ReadToEnd();
    }

    private static Finding? Look(string path)
    {
        var name = Path.GetFileName(path);
        string installed;
        try
        {
            installed = File.ReadAllText(path);
        }
        catch (UnauthorizedAccessException)
        {
            return new Finding(Severity.Unknown, $"{path} is closed to this user", "whether it is this version's could not be told", "run this as root", "sudo gateway doctor");
        }

        var (here, ours) = (Settings(installed), Settings(Shipped(name)!));
        string[] differences = [.. here.Except(ours).Select(line => "has " + line), .. ours.Except(here).Select(line => "lacks " + line)];
        return differences.Length == 0 ? null : new Finding(
            Severity.Warning,
            $"{path} is not the one of this version: it {string.Join(", ", differences.Take(MostLines))}{(differences.Length > MostLines ? $" and {differences.Length - MostLines} more" : "")}",
            "what an upgrade has added or hardened is missing",
            $"put changes of your own into a drop-in (systemctl edit {name}), and the file of this version in its place",
            $"gateway doctor --print {name} | {Examination.Sudo}tee {path} >/dev/null",
            $"{Examination.Sudo}systemctl daemon-reload",
            $"{Examination.Sudo}systemctl restart {Path.GetFileNameWithoutExtension(name)}");
    }

    // Comments and blank lines are nobody's business.
    private static string[] Settings(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';'))];

    private static bool NeedsReload() =>
        LinuxSystemd.IsRunning && ExternalCommand.Run("systemctl", "show", "--value", "-p", "NeedDaemonReload", "gateway.service")?.Output.Trim() == "yes";
}
