using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Hosting.Systemd;

public sealed class NotifySocketTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static NotifySocket Create(string? address) => new(address, TimeProvider.System, NullLogger<NotifySocket>.Instance);

    private static Socket Listen(string path)
    {
        var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        return systemd;
    }

    private static string Receive(Socket systemd)
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, systemd.Receive(buffer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReportsToAPathAndToAnAbstractName(bool isAbstract)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var name = isAbstract ? $"gateway-{Guid.NewGuid():N}" : Path.Combine(_folder.FullName, "notify");
        using var systemd = Listen(isAbstract ? "\0" + name : name);
        using var notify = Create(isAbstract ? "@" + name : name);

        notify.Ready("0 calls");

        Assert.Equal("READY=1\nSTATUS=0 calls", Receive(systemd));
    }

    [Fact]
    public void AReloadIsReportedWithItsTime()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var path = Path.Combine(_folder.FullName, "notify");
        using var systemd = Listen(path);
        using var notify = Create(path);
        // Not ready yet: systemd would take the end of this reload for the end of the start.
        notify.Reloading();
        notify.Reloaded("early");
        notify.Ready("0 calls");
        Assert.StartsWith("READY=1", Receive(systemd), StringComparison.Ordinal);
        var before = Microseconds();

        notify.Reloading();
        notify.Reloaded("1 call");

        var lines = Receive(systemd).Split('\n');
        Assert.Equal("RELOADING=1", lines[0]);
        Assert.InRange(long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture), before, Microseconds());
        Assert.Equal("READY=1\nSTATUS=1 call", Receive(systemd));

        static long Microseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
    }

    [Fact]
    public void TheEndIsReportedWithTheTimeThatItTakes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var path = Path.Combine(_folder.FullName, "notify");
        using var systemd = Listen(path);
        using var notify = Create(path);

        notify.Stopping("stopping, 12 calls are open", TimeSpan.FromSeconds(42));

        Assert.Equal("STOPPING=1\nSTATUS=stopping, 12 calls are open\nEXTEND_TIMEOUT_USEC=42000000", Receive(systemd));
    }

    [Fact]
    public void ASystemdThatIsGoneDoesNoHarm()
    {
        using var nobody = Create(Path.Combine(_folder.FullName, "gone"));
        using var none = Create(null);

        nobody.Ready("0 calls");
        none.Ready("0 calls");
        none.Reloading();
        none.FeedWatchdog();
    }
}
