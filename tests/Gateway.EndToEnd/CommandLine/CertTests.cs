using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.CommandLine;

public sealed class CertTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrustPutsTheRootOfTheStateFolderIntoTheBrowsersDatabaseAndUntrustTakesItOut()
    {
        var trusted = await Trust.InstallAsync(_folder);
        Assert.True(trusted.ExitCode == 0 || !Environment.IsPrivilegedProcess, trusted.ToString());

        // The environment names the state folder; there is no gateway.json here.
        Assert.True(File.Exists(_folder.CaPath), trusted.ToString());
        Assert.Matches(@"Gateway local CA .* C,,", await DatabaseAsync());

        await Trust.RemoveAsync(_folder);
        Assert.DoesNotContain("Gateway local CA", await DatabaseAsync(), StringComparison.Ordinal);
    }

    private async Task<string> DatabaseAsync() =>
        (await RunningProgram.RunAsync("certutil", ["-L", "-d", $"sql:{_folder["home/.pki/nssdb"]}"], _folder)).Output;
}
