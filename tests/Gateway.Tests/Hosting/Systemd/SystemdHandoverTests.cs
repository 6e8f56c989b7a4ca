using Gateway.Hosting.Systemd;

namespace Gateway.Tests.Hosting.Systemd;

public sealed class SystemdHandoverTests
{
    private const int OwnId = 4711;

    private static SystemdHandover Read(params (string Name, string Value)[] variables) =>
        SystemdHandover.Read(variables.ToDictionary(v => v.Name, v => v.Value), OwnId);

    [Fact]
    public void ThereIsNothingWithoutSystemd()
    {
        var handover = Read(("HOME", "/root"));

        Assert.Null(handover.NotifySocket);
        Assert.Null(handover.WatchdogTimeout);
        Assert.Empty(handover.Descriptors);
    }

    [Fact]
    public void SocketsHaveTheNamesOfTheirUnits()
    {
        var handover = Read(("LISTEN_PID", "4711"), ("LISTEN_FDS", "3"), ("LISTEN_FDNAMES", "gateway.socket:web"));

        Assert.Equal([(3, "gateway.socket"), (4, "web"), (5, "unknown")], handover.Descriptors);
    }

    [Theory]
    [InlineData("4712", "2")]
    [InlineData("", "2")]
    [InlineData("4711", "two")]
    [InlineData("4711", "-1")]
    public void WhatIsMeantForAnotherProcessIsLeftAlone(string process, string count) =>
        Assert.Empty(Read(("LISTEN_PID", process), ("LISTEN_FDS", count)).Descriptors);

    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "4711", 30.0)]
    [InlineData("30000000", "1", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void TheWatchdogIsOnForThisProcess(string microseconds, string? process, double? seconds)
    {
        var handover = process is null ? Read(("WATCHDOG_USEC", microseconds)) : Read(("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", process));

        Assert.Equal(seconds, handover.WatchdogTimeout?.TotalSeconds);
    }

    [Theory]
    [InlineData("/run/systemd/notify", true)]
    [InlineData("@abstract", true)]
    [InlineData("vsock:2:1234", false)]
    [InlineData("", false)]
    public void OnlyUnixSocketsAreReportedTo(string address, bool isTaken) =>
        Assert.Equal(isTaken ? address : null, Read(("NOTIFY_SOCKET", address)).NotifySocket);
}
