using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Proxying;

/// <summary>Another machine at the end of a network cable that can be pulled: a network namespace behind a pair of virtual
/// interfaces. What is in flight then is lost, and neither side is told.</summary>
internal sealed class Cable : IAsyncDisposable
{
    private const int NewNetwork = 0x40000000;

    private readonly string _name;

    private Cable(string name, IPAddress here) => (_name, Here) = (name, here);

    /// <summary>This machine's address on the cable.</summary>
    public IPAddress Here { get; }

    public static async Task<Cable> LayAsync()
    {
        // An interface's name has 15 characters at most.
        var name = $"gw{Guid.NewGuid():N}"[..12];
        var network = $"10.{Random.Shared.Next(200, 250)}.{Random.Shared.Next(256)}";
        var cable = new Cable(name, IPAddress.Parse(network + ".1"));
        try
        {
            await IpAsync($"netns add {name}");
            await IpAsync($"link add {name}a type veth peer name {name}b");
            await IpAsync($"link set {name}b netns {name}");
            await IpAsync($"address add {network}.1/30 dev {name}a");
            await IpAsync($"link set {name}a up");
            await IpAsync($"-n {name} address add {network}.2/30 dev {name}b");
            await IpAsync($"-n {name} link set {name}b up");
            return cable;
        }
        catch
        {
            await cable.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects the other machine to this one.</summary>
    public Socket Connect(int port)
    {
        // A socket stays in the network in which it was made; the thread that has moved there ends.
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var network = File.OpenHandle($"/run/netns/{_name}", share: FileShare.ReadWrite);
                if (setns(network.DangerousGetHandle().ToInt32(), NewNetwork) != 0)
                {
                    throw new IOException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(Here, port);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? socket! : throw new IOException($"no connection over the cable: {failure.Message}", failure);
    }

    public Task PullAsync() => IpAsync($"-n {_name} link set {_name}b down");

    public async ValueTask DisposeAsync()
    {
        // With the namespace goes its end of the pair, and with that the other end.
        await RunningProgram.RunAsync(Require.Tool("ip"), ["netns", "delete", _name]);
        await RunningProgram.RunAsync(Require.Tool("ip"), ["link", "delete", _name + "a"]);
    }

    private static async Task IpAsync(string arguments)
    {
        var result = await RunningProgram.RunAsync(Require.Tool("ip"), arguments.Split(' '));
        Assert.True(result.ExitCode == 0, $"ip {arguments}: {result}");
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setns(int descriptor, int type);
}
