using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Hosting.Systemd;

/// <summary>What this process opens itself stands for what systemd opens.</summary>
public sealed class InheritedSocketsTests : IDisposable
{
    private readonly Socket _systemd = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _address;

    public InheritedSocketsTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        _systemd.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _systemd.Listen();
        _address = (IPEndPoint)_systemd.LocalEndPoint!;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private InheritedSockets Inherited => new([((int)_systemd.SafeHandle.DangerousGetHandle(), "gateway.socket")]);

    public void Dispose() => _systemd.Dispose();

    private static EndpointOptions Endpoint(string url) => new("web", url, url.StartsWith("https", StringComparison.Ordinal), new Uri(url.Replace("*", "host", StringComparison.Ordinal)).Port, "here", false);

    [Fact]
    public async Task ClosingOursLeavesTheirsListeningAndNobodyInTheQueueIsLost()
    {
        var ours = Inherited.Open(_address)!;
        var accepting = ours.AcceptAsync(Cancellation).AsTask();
        using var first = new TcpClient();
        await first.ConnectAsync(_address, Cancellation);
        using var accepted = await accepting;
        var pending = ours.AcceptAsync(Cancellation).AsTask();

        ours.Dispose();
        await Assert.ThrowsAnyAsync<SocketException>(() => pending);
        using var second = new TcpClient();
        await second.ConnectAsync(_address, Cancellation);
        await second.GetStream().WriteAsync("waits"u8.ToArray(), Cancellation);

        // The next process.
        using var next = Inherited.Open(_address)!;
        using var late = await next.AcceptAsync(Cancellation);
        var buffer = new byte[10];
        Assert.Equal(5, await late.ReceiveAsync(buffer, Cancellation));
    }

    [Fact]
    public void AnAddressThatNobodyPassedIsOpenedByTheGateway()
    {
        Assert.Null(Inherited.Open(new IPEndPoint(IPAddress.Loopback, _address.Port == 1 ? 2 : 1)));
        Assert.Null(Inherited.Open(new IPEndPoint(IPAddress.Parse("127.0.0.2"), _address.Port)));
        Assert.True(Inherited.Serve(Endpoint($"https://127.0.0.1:{_address.Port}")));
        Assert.False(Inherited.Serve(Endpoint($"https://*:{_address.Port}")));
    }

    [Fact]
    public void EveryAddressMayBeEveryIPv4Address()
    {
        using var systemd = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        systemd.Bind(new IPEndPoint(IPAddress.Any, 0));
        systemd.Listen();
        var port = ((IPEndPoint)systemd.LocalEndPoint!).Port;
        var inherited = new InheritedSockets([((int)systemd.SafeHandle.DangerousGetHandle(), "gateway.socket")]);

        using var ours = inherited.Open(new IPEndPoint(IPAddress.IPv6Any, port));

        Assert.NotNull(ours);
        Assert.True(inherited.Serve(Endpoint($"https://*:{port}")));
    }

    [Fact]
    public void WarnsOfWhatNoEndpointUses()
    {
        var log = new LogLines();
        using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var inherited = new InheritedSockets(
            [((int)_systemd.SafeHandle.DangerousGetHandle(), "gateway.socket"), ((int)datagrams.SafeHandle.DangerousGetHandle(), "dns.socket"), (9999, "nothing")]);

        inherited.WarnOfUnused([Endpoint($"http://127.0.0.1:{_address.Port}")], log.CreateLogger("test"));
        Assert.DoesNotContain(log.All, l => l.Message.Contains("waits in vain", StringComparison.Ordinal));
        Assert.Equal(2, log.All.Count(l => l.Message.Contains("is no listening stream socket", StringComparison.Ordinal)));

        inherited.WarnOfUnused([Endpoint("http://127.0.0.1:1")], log.CreateLogger("test"));
        Assert.Contains(log.All, l => l.Message.StartsWith($"systemd listens on {_address} (gateway.socket) for the gateway, but no endpoint", StringComparison.Ordinal));
    }
}
