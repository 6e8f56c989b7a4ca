using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

internal sealed class MacPlatform : HostPlatform
{
    // Apple's TLS takes keys from a keychain only; the runtime makes a temporary one for this.
    public override X509KeyStorageFlags KeyStorage => X509KeyStorageFlags.DefaultKeySet;

    public override X509Certificate2 ImportKey(X509Certificate2 certificate) => ReimportAsPkcs12(certificate, KeyStorage);

    public override PortOwner? FindPortOwner(int port)
    {
        // -F pc prints "p<id>" and "c<name>" on lines of their own.
        var lines = ExternalCommand.Run("lsof", "-nP", $"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc")?.Output.Split('\n') ?? [];
        var id = Array.Find(lines, line => line.StartsWith('p'));
        var name = Array.Find(lines, line => line.StartsWith('c'));
        return int.TryParse(id.AsSpan(id is null ? 0 : 1), CultureInfo.InvariantCulture, out var process)
            ? new PortOwner(name?[1..] ?? "unknown", process)
            : null;
    }

    // Since macOS 10.14 any user may listen on any port.
    public override bool MayBind(int port) => true;

    public override void SyncFolder(string path) => UnixFolder.Sync(path);

    public override string DescribeAccess(string path) => UnixAccess.Describe(path, "-f", "%Su:%Sg");

    public override IReadOnlyList<ITrustStore> TrustStores(string home) =>
        [new MacKeychain(), .. NssDatabase.FindFirefox(Path.Combine(home, "Library", "Application Support", "Firefox", "Profiles"))];

    public override Task StopTreeAsync(Process process, TimeSpan patience) =>
        UnixProcessTree.StopAsync(process.Id, patience, ListProcesses);

    private static (int Id, int Parent)[] ListProcesses() =>
    [
        .. (ExternalCommand.Run("ps", "-A", "-o", "pid=", "-o", "ppid=")?.Output.Split('\n') ?? [])
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length == 2)
            .Select(fields => (int.Parse(fields[0], CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture))),
    ];

    protected override string UserStateDirectory(IReadOnlyDictionary<string, string> environment) =>
        Path.Combine(Home(environment), "Library", "Application Support", "gateway");
}
