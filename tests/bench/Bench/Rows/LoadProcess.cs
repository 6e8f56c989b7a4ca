using System.Diagnostics;
using System.Globalization;
using Bench.Load;
using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>This program once more, as a load.</summary>
internal sealed class LoadProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _name;

    private LoadProcess(Process process, string name) => (_process, _name) = (process, name);

    public static LoadProcess Start(string name, Site site, int connections, Pace pace) => new(
        ChildProcess.StartWithOutput(
        [
            Environment.ProcessPath!, name, "--port", Text(site.Port), "--ca", site.Credentials.CertificatePath, "--connections", Text(connections),
            "--warmup", Text(pace.Warmup.TotalSeconds), "--seconds", Text(pace.Steady.TotalSeconds),
        ]),
        name);

    /// <summary>Until its steady phase begins.</summary>
    public Task SteadyAsync() => ReadAsync("steady");

    /// <summary>Until its steady phase has ended.</summary>
    public Task OverAsync() => ReadAsync("over");

    public async Task<LoadResult> ResultAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw Ended();
        await _process.WaitForExitAsync();
        return LoadResult.Parse(line);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(string expected)
    {
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw Ended();
        if (line != expected)
        {
            throw new InvalidOperationException($"the load '{_name}' did not come to '{expected}': {line}");
        }
    }

    private InvalidOperationException Ended() => new($"the load '{_name}' has ended");

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
