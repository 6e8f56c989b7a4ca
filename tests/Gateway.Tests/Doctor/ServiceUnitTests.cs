using Gateway.Doctor;
using Gateway.Doctor.Checks;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Doctor;

public sealed class ServiceUnitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheShippedOneIsRead()
    {
        var unit = Find(UnitCheck.Shipped("gateway.service")!)!;

        Assert.Equal("gateway", unit.User);
        Assert.Equal("gateway", unit.Group);
        Assert.Equal("/usr/local/bin/gateway", unit.Program);
        Assert.Equal("/etc/gateway/gateway.json", unit.ConfigPath);
        Assert.Equal("/var/lib/gateway", unit.StateDirectory);
        Assert.Equal("/var/lib/gateway", unit.Environment()["STATE_DIRECTORY"]);
        Assert.Equal(65536, unit.FileLimit);
        Assert.True(unit.MayBindLowPorts);
        Assert.Equal("ProtectHome=yes", unit.Hides("/home/me/key.pem"));
        Assert.Equal("PrivateTmp=yes", unit.Hides("/tmp/key.pem"));
        Assert.Null(unit.Hides("/etc/letsencrypt/live/a/privkey.pem"));
    }

    [Fact]
    public void DropInsChangeIt()
    {
        Directory.CreateDirectory(_folder["gateway.service.d"]);
        _folder.Write("gateway.service.d/20.conf", "[Service]\nLimitNOFILE=1024:524288\nUser=\nUser=web\n");
        _folder.Write("gateway.service.d/10.conf", "[Service]\nUser=other\nEnvironment=\"GATEWAY_A__B=one two\" ENABLE_SSL=false\nExecStart=\nExecStart=/opt/gateway run \\\n  --config=other.json\nWorkingDirectory=/srv\nProtectHome=no\n");

        var unit = Find(UnitCheck.Shipped("gateway.service")!)!;

        Assert.Equal("web", unit.User);
        Assert.Equal(524288, unit.FileLimit);
        Assert.Equal("/srv/other.json", unit.ConfigPath);
        Assert.Equal("one two", unit.Environment()["GATEWAY_A__B"]);
        Assert.Equal("false", unit.Environment()["ENABLE_SSL"]);
        Assert.Null(unit.Hides("/home/me/key.pem"));
    }

    [Fact]
    public void WithoutAUnitThereIsNone() => Assert.Null(ServiceUnit.Find([_folder.Path, _folder["nowhere"]]));

    [Fact]
    public async Task AUnitThatDiffersIsAWarningWithTheLinesAndTheCommandThatWritesOurs()
    {
        var finding = (await LookAsync(UnitCheck.Shipped("gateway.service")!.Replace("WatchdogSec=30", "WatchdogSec=99", StringComparison.Ordinal)))[0];

        Assert.Equal(Severity.Warning, finding.Severity);
        Assert.Contains("has WatchdogSec=99, lacks WatchdogSec=30", finding.What, StringComparison.Ordinal);
        Assert.StartsWith("gateway doctor --print gateway.service | ", finding.Commands[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommentsDoNotMatter() =>
        Assert.DoesNotContain(await LookAsync("# mine\n\n" + UnitCheck.Shipped("gateway.service")), f => f.Severity == Severity.Warning);

    [Fact]
    public async Task AProgramThatIsNotThereIsAnError()
    {
        var finding = (await LookAsync("[Service]\nExecStart=/nowhere/gateway run --config a.json\n"))[^1];

        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("starts /nowhere/gateway, which is not there", finding.What, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(string text)
    {
        using var patient = new Patient { Unit = Find(text) };
        return (await patient.RunAsync(new UnitCheck())).Findings;
    }

    private ServiceUnit? Find(string text)
    {
        _folder.Write("gateway.service", text);
        return ServiceUnit.Find([_folder.Path]);
    }
}
