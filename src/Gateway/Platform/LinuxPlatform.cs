using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

internal sealed class LinuxPlatform : HostPlatform
{
    private const int NetBindService = 10;

    // Keys stay in memory: OpenSSL uses them as they are.
    public override X509KeyStorageFlags KeyStorage => X509KeyStorageFlags.EphemeralKeySet;

    public override X509Certificate2 ImportKey(X509Certificate2 certificate) => certificate;

    public override PortOwner? FindPortOwner(int port) => LinuxPortOwner.Find(port);

    public override bool MayBind(int port)
    {
        if (port >= FirstUnprivilegedPort())
        {
            return true;
        }

        // Root in a container may lack the capability, and an ordinary user may have it from setcap or systemd:
        // the effective set is what the kernel goes by.
        var line = ReadLinesOrEmpty("/proc/self/status").FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set)
            && (set & (1UL << NetBindService)) != 0;
    }

    public override void SyncFolder(string path) => UnixFolder.Sync(path);

    public override string DescribeAccess(string path) => UnixAccess.Describe(path, "-c", "%U:%G");

    public override IReadOnlyList<ITrustStore> TrustStores(string home) =>
        [LinuxSystemStore.Detect(), .. NssDatabase.FindAll(home)];

    public override void AdoptOrphans() => LinuxProcesses.AdoptOrphans();

    // Orphans were adopted: everything that the child has started is below this process.
    public override Task StopTreeAsync(Process process, TimeSpan patience) =>
        UnixProcessTree.StopAsync(Environment.ProcessId, patience, LinuxProcesses.List);

    protected override string UserStateDirectory(IReadOnlyDictionary<string, string> environment) =>
        // The XDG specification has relative paths ignored.
        environment.TryGetValue("XDG_STATE_HOME", out var state) && Path.IsPathRooted(state)
            ? Path.Combine(state, "gateway")
            : Path.Combine(Home(environment), ".local", "state", "gateway");

    private static int FirstUnprivilegedPort() =>
        ReadLinesOrEmpty("/proc/sys/net/ipv4/ip_unprivileged_port_start") is [var text, ..]
        && int.TryParse(text, CultureInfo.InvariantCulture, out var port)
            ? port
            : 1024;

    private static string[] ReadLinesOrEmpty(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
