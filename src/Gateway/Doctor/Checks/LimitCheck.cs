using Gateway.Hosting;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the process may open as many files and sockets as its limits promise clients.</summary>
internal sealed class LimitCheck : ICheck
{
    // A proxied connection is two; files, listening sockets and the runtime's own need some.
    private const int Own = 500;
    private const long EnoughForDevelopment = 1024;
    private const double NearlyAll = 0.8;

    public string Topic => "limits";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken) =>
        Task.FromResult(Judge(
            examination, examination.Status?.Process.MaxFiles ?? examination.Unit?.FileLimit ?? Observability.ProcessFigures.Read().MaxFiles, examination.Status?.Process.OpenFiles));

    /// <param name="most">Files that may be open at once; null where that cannot be told.</param>
    /// <param name="open">Those that are; null where none runs.</param>
    public static CheckResult Judge(Examination examination, long? most, int? open)
    {
        if (most is not { } limit)
        {
            return CheckResult.NotApplicable("this system does not say how many files may be open");
        }

        var findings = new List<Finding>();
        var clients = examination.Configuration.Gateway.Limits.MaxConnections;
        var wanted = examination.Mode == HostMode.Dev ? EnoughForDevelopment : (2L * clients) + Own;
        if (limit < wanted)
        {
            findings.Add(new Finding(
                Severity.Warning,
                $"{limit} files may be open at once, which is enough for {Math.Max(0, limit - Own) / 2} clients; Gateway:Limits:MaxConnections says {clients}",
                "the others wait, and no file descriptor is left",
                examination.Unit is null ? "raise the limit where the gateway is started" : "raise the limit in a drop-in",
                examination.Unit is { } unit
                    ? [
                        $"{Examination.Sudo}mkdir -p /etc/systemd/system/{unit.Name}.service.d",
                        $"printf '[Service]\\nLimitNOFILE={Round(wanted)}\\n' | {Examination.Sudo}tee /etc/systemd/system/{unit.Name}.service.d/files.conf >/dev/null",
                        $"{Examination.Sudo}systemctl daemon-reload",
                        examination.Restart,
                    ]
                    : [$"ulimit -n {Round(wanted)}"]));
        }

        if (open is { } used && used > limit * NearlyAll)
        {
            findings.Add(new Finding(
                Severity.Error, $"{used} of {limit} files are open", "new clients will wait or get 503", "see who has so many connections, and raise the limit",
                $"{examination.OwnCommand} status{examination.ConfigArgument}", $"{Examination.Sudo}ss -Htn state established | awk '{{print $4}}' | sort | uniq -c | sort -n | tail"));
        }

        return new CheckResult($"{(open is { } now ? $"{now} of " : "")}{limit} files", findings);
    }

    private static long Round(long wanted) => (wanted + 1023) / 1024 * 1024;
}
