using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether a gateway runs, is ready, and is this version.</summary>
internal sealed class RunningCheck : ICheck
{
    public string Topic => "gateway";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken) => Task.FromResult(Look(examination));

    private static CheckResult Look(Examination examination)
    {
        var findings = new List<Finding>();
        var verb = examination.Mode == HostMode.Dev ? "dev" : "run";
        if (!examination.IsRunning)
        {
            // On a developer's machine that is a state like any other.
            return examination.Unit is { } unit && examination.Mode == HostMode.Run
                ? new CheckResult("", NotRunning(examination, unit))
                : CheckResult.NotApplicable($"none runs; start it with: {examination.OwnCommand} {verb}{examination.ConfigArgument}");
        }

        if (examination.Status is not { } status)
        {
            return new CheckResult($"process {examination.ProcessId}; its status is off (Gateway:Admin)");
        }

        if (status.IsDraining || !status.IsReady)
        {
            findings.Add(new Finding(
                Severity.Warning,
                status.IsDraining ? "the gateway is ending: it takes no new calls" : "the gateway has not finished starting",
                "what is asked of it now may fail",
                "wait a moment and run this again"));
        }

        if (status.Version != StartupReport.ProductVersion)
        {
            findings.Add(new Finding(
                Severity.Warning,
                $"the gateway that runs is version {status.Version}, this program is {StartupReport.ProductVersion}",
                "what this program checks may not be what that one does",
                "restart it, so that the installed version runs",
                examination.Restart is { Length: > 0 } restart ? [restart] : []));
        }

        return new CheckResult($"{status.Version} runs (gateway {status.Mode}, process {status.Process.Id}{(examination.User is { } user ? $", user {user.Name}" : "")})", findings);
    }

    private static Finding NotRunning(Examination examination, ServiceUnit unit)
    {
        var state = LinuxSystemd.StateOf(unit.Name + ".service");
        return new Finding(
            Severity.Error,
            $"the service {unit.Name} does not run{(state is null ? "" : $": systemd says {state}")}",
            "nobody is served",
            "start it; if it does not stay up, its last words say why",
            $"{Examination.Sudo}systemctl start {unit.Name}",
            $"{Examination.Sudo}journalctl -u {unit.Name} -n 20 -o cat --no-pager");
    }
}
