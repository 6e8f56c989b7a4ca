using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the gateway can keep certificates and keys in its state directory, and nobody else can look at them.</summary>
internal sealed class StateCheck : ICheck
{
    private const long LeastFree = 16L * 1024 * 1024;

    public string Topic => "state";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(examination.StateDirectory);
        var findings = new List<Finding>();
        if (!OperatingSystem.IsWindows())
        {
            LookAtModes(examination, path, findings);
        }

        LookAtDisk(path, findings);
        return Task.FromResult(new CheckResult(Directory.Exists(path) ? $"{path} is writable" : $"{path} will be made at the start", findings));
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void LookAtModes(Examination examination, string path, List<Finding> findings)
    {
        if (Directory.Exists(path) && UnixAccess.ModeOpenToOthers(path) is { } mode)
        {
            findings.Add(new Finding(
                Severity.Error, $"everybody on this machine can look into {path} (mode {mode}), where private keys are kept", "the gateway does not start",
                "close it to others", $"{Examination.Sudo}chmod o= {ExternalCommand.ForShell(path)}")
            { Repair = () => CertificateFileFinding.CloseToOthers(path) });
        }

        if (examination.User is not { } user)
        {
            return;
        }

        var place = Nearest(path);
        // systemd makes it for the service, wherever that may not.
        if (place != path && examination.Unit?.StateDirectory == path)
        {
            return;
        }

        var access = PathAccess.Of(user, place, Wanted.Write);
        if (access is { IsAllowed: false, Obstacle: { } entry })
        {
            findings.Add(new Finding(
                Severity.Error,
                $"permission denied: user '{user.Name}', whom the gateway runs as, cannot write to {path}: {entry.Path} belongs to {entry.OwnerName}:{entry.GroupName} and has mode {entry.ModeText}",
                "no certificate can be obtained or renewed, and the gateway may not start",
                entry.Path == path ? "give it to that user" : "make it for that user, or set Gateway:StateDirectory to another folder",
                entry.Path == path
                    ? $"{Examination.Sudo}chown -R {user.Name}: {ExternalCommand.ForShell(path)}"
                    : $"{Examination.Sudo}install -d -m 700 -o {user.Name} {ExternalCommand.ForShell(path)}"));
        }
    }

    private static void LookAtDisk(string path, List<Finding> findings)
    {
        var place = Nearest(path);
        if (UnixFolder.IsReadOnly(place))
        {
            findings.Add(new Finding(
                Severity.Error, $"{path} is on a disk that is mounted read-only", "no certificate can be obtained or renewed",
                "mount it writable; if the kernel did that after an error, look at the disk first",
                $"{Examination.Sudo}dmesg | tail -n 20", $"{Examination.Sudo}mount -o remount,rw \"$(findmnt -n -o TARGET -T {ExternalCommand.ForShell(place)})\""));
            return;
        }

        try
        {
            if (new DriveInfo(place).AvailableFreeSpace is var free && free < LeastFree)
            {
                findings.Add(new Finding(
                    Severity.Error, $"the disk of {path} is full: {free / 1024} KB are free", "renewed certificates cannot be kept, and log lines are lost", "make room; what is large there:",
                    $"{Examination.Sudo}sh -c 'du -xh \"$(findmnt -n -o TARGET -T {ExternalCommand.ForShell(place)})\" 2>/dev/null | sort -h | tail -n 15'"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not every place is on a disk that can be asked.
        }
    }

    private static string Nearest(string path)
    {
        var place = path;
        while (!Directory.Exists(place) && Path.GetDirectoryName(place) is { } above)
        {
            place = above;
        }

        return place;
    }
}
