using System.Runtime.InteropServices;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Publishing;

/// <summary>The gateway as it is given to people, published for each platform once for all tests; outside the
/// repository, which must not notice.</summary>
public sealed class PublishedGateway : IDisposable
{
    // A minute and a half on two busy cores; on a machine that is starved, among other tests, it has taken more than eight.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, ProgramResult> _results = [];
    private readonly SemaphoreSlim _publishing = new(1);

    /// <summary>Where the output of a platform is.</summary>
    internal string Folder(string platform) => _folder[$"published/{platform}"];

    /// <returns>The program.</returns>
    internal async Task<string> PublishForThisMachineAsync()
    {
        var platform = RuntimeInformation.RuntimeIdentifier;
        Require.That(platform is "linux-x64" or "linux-arm64", $"There is no published file for {platform}.");
        await PublishAsync(platform);
        return Path.Combine(Folder(platform), "gateway");
    }

    internal async Task<ProgramResult> PublishAsync(string platform)
    {
        await _publishing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return await PublishOnceAsync(platform);
        }
        finally
        {
            _publishing.Release();
        }
    }

    private async Task<ProgramResult> PublishOnceAsync(string platform)
    {
        if (!_results.TryGetValue(platform, out var result))
        {
            // No build server: it would outlive the test. No analyzers: whoever builds these tests has run them.
            result = await RunningProgram.RunAsync(
                Require.Tool("dotnet"),
                [
                    "publish", Path.Combine(Repository.Root, "src/Gateway"), "-c", "Release", "-r", platform, "-o", Folder(platform), "--nologo",
                    "--artifacts-path", _folder["artifacts"], "--disable-build-servers", "-p:RestoreLockedMode=true", "-p:RunAnalyzers=false",
                ],
                timeout: Patience);
            _results[platform] = result;
            Directory.Delete(_folder["artifacts"], recursive: true);
        }

        Require.That(!result.Output.Contains("NU1301", StringComparison.Ordinal), "The package registry cannot be reached.");
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    public void Dispose()
    {
        _publishing.Dispose();
        _folder.Dispose();
    }
}
