using System.Globalization;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Systemd;

/// <summary>A Debian 12 with a systemd of its own, in a container: what is changed in it is gone afterwards.</summary>
internal sealed class Machine : IAsyncDisposable
{
    // test.sh makes it, and says where: the tests have no network.
    private static readonly string BaseRoot = Path.Combine(
        Environment.GetEnvironmentVariable("GATEWAY_TESTS_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "gateway-tests"),
        "bookworm");

    private static readonly TimeSpan TimeToBoot = TimeSpan.FromMinutes(2);

    private readonly TestFolder _folder = new();
    private RunningProgram? _container;
    private NetworkNamespace? _network;
    private int _init;

    /// <summary>Its files, as this process sees them.</summary>
    public string Root => _folder["root"];

    /// <summary>The files that are other than in a fresh Debian.</summary>
    public string Changes => _folder["changes"];

    public NetworkNamespace Network => _network ?? throw new InvalidOperationException("The machine does not run.");

    public static async Task<Machine> BootAsync()
    {
        Require.Root();
        var nspawn = Require.Tool("systemd-nspawn");
        Require.Tool("nsenter");
        Require.That(Directory.Exists(BaseRoot), $"There is no Debian in {BaseRoot}; as root ./test.sh puts it there.");
        var machine = new Machine();
        try
        {
            await machine.MountAsync();
            machine._container = RunningProgram.Start(nspawn,
                ["-D", machine.Root, "--boot", "--register=no", "--keep-unit", "--private-network", "--link-journal=no", "--console=pipe"], machine._folder);
            await machine.WaitForBootAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command in it, as root.</summary>
    public Task<ProgramResult> TryAsync(params string[] command) => RunningProgram.RunAsync(
        "nsenter",
        [
            "-t", _init.ToString(CultureInfo.InvariantCulture), "-m", "-p", "-n", "-u", "-i", "--",
            "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", .. command,
        ],
        timeout: TimeSpan.FromMinutes(3));

    /// <summary>Runs a command in it that must succeed.</summary>
    /// <returns>Its output.</returns>
    public async Task<string> RunAsync(params string[] command)
    {
        var result = await TryAsync(command);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result}");
        return result.Output.Trim();
    }

    /// <summary>A property of the gateway's unit, as systemd sees it.</summary>
    public Task<string> PropertyAsync(string name, string unit = "gateway.service") => RunAsync("systemctl", "show", "--value", "-p", name, unit);

    public Task<string> JournalAsync() => RunAsync("journalctl", "-u", "gateway.service", "-o", "cat", "--no-pager");

    /// <summary>Writes a file whole: the gateway looks at its own every second.</summary>
    public Task WriteAsync(string path, string text) => RunAsync(
        "sh", "-c", """mkdir -p "$(dirname "$0")" && printf %s "$1" >"$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0" """, path, text);

    public async ValueTask DisposeAsync()
    {
        _network?.Dispose();
        if (_container is not null)
        {
            // All of its processes go with its first one. A process left over would be taken by the next machine for its own: without
            // cgroup namespaces they share the names of their groups.
            if (_init > 0)
            {
                ProcessFamily.Send(_init, 9);
            }

            await _container.DisposeAsync();
        }

        await RunningProgram.RunAsync("umount", ["--lazy", Root]);
        _folder.Dispose();
    }

    private async Task MountAsync()
    {
        foreach (var name in new[] { "root", "changes", "work" })
        {
            Directory.CreateDirectory(_folder[name]);
        }

        var mount = await RunningProgram.RunAsync(
            "mount", ["-t", "overlay", "overlay", "-o", $"lowerdir={BaseRoot},upperdir={Changes},workdir={_folder["work"]}", Root]);
        Require.That(mount.ExitCode == 0, $"An overlay cannot be mounted here: {mount.Error}");
    }

    private async Task WaitForBootAsync()
    {
        using var limit = new CancellationTokenSource(TimeToBoot);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            Require.That(!_container!.HasExited, $"systemd-nspawn cannot run here: {_container.All.Text}");
            _init = File.ReadAllText($"/proc/{_container.ProcessId}/task/{_container.ProcessId}/children").Split(' ')
                .Select(id => int.TryParse(id, CultureInfo.InvariantCulture, out var number) ? number : 0).FirstOrDefault();
            if (_init > 0 && (await TryAsync("systemctl", "is-system-running", "--wait")).Output.Trim() is "running" or "degraded")
            {
                _network = new NetworkNamespace(_init);
                return;
            }

            await timer.WaitForNextTickAsync(limit.Token);
        }
    }
}
