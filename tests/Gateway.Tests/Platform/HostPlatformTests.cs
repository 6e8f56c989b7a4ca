using System.Net;
using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Platform;

public sealed class HostPlatformTests
{
    private static readonly HostPlatform Linux = new LinuxPlatform();

    [Theory]
    [InlineData("STATE_DIRECTORY=/var/lib/gateway", "/var/lib/gateway")]
    [InlineData("STATE_DIRECTORY=/var/lib/gateway:/var/lib/other;HOME=/home/u", "/var/lib/gateway")]
    [InlineData("STATE_DIRECTORY=;HOME=/home/u", "/home/u/.local/state/gateway")]
    [InlineData("HOME=/home/u", "/home/u/.local/state/gateway")]
    [InlineData("HOME=/home/u;XDG_STATE_HOME=/state", "/state/gateway")]
    [InlineData("HOME=/home/u;XDG_STATE_HOME=relative", "/home/u/.local/state/gateway")]
    public void TheStateFolderFollowsSystemdThenXdg(string environment, string folder)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "paths of Unix");
        Assert.Equal(folder, Linux.StateDirectory(environment.Split(';').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1])));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void FindsWhoHoldsAPort(string address)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var owner = Linux.FindPortOwner(port)!;
        Assert.Equal(Environment.ProcessId, owner.ProcessId);
        Assert.Contains($"process {Environment.ProcessId}", owner.ToString(), StringComparison.Ordinal);
        listener.Stop();
        Assert.Null(Linux.FindPortOwner(port));
    }

    [Fact]
    public void MayBindIsWhatTheKernelDoes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        Assert.True(Linux.MayBind(8443));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var allowed = true;
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.77.77.77"), 997));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            allowed = false;
        }

        Assert.Equal(allowed, Linux.MayBind(997));
    }

    [Fact]
    public void DescribesUserOwnerAndMode()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "modes of Unix");
        using var folder = new TestFolder();
        var path = folder.Write("key.pem", "");
#pragma warning disable CA1416 // Skipped on Windows above.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
#pragma warning restore CA1416
        Assert.Matches(
            $@"^the gateway runs as user '{Environment.UserName}'; {path} belongs to {Environment.UserName}:\S+ and has mode 0640$",
            Linux.DescribeAccess(path));
        Assert.Contains($"; {folder.Path} belongs to", Linux.DescribeAccess(folder["none/key.pem"]), StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramThatAsksGetsNoAnswerAndEnds() =>
        Assert.Equal(0, ExternalCommand.Run("cat")!.ExitCode);

    [Fact]
    public void AMissingProgramIsNull() => Assert.Null(ExternalCommand.Run("no-such-program-anywhere"));
}
