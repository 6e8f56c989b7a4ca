using System.Diagnostics;
using Bench.Content;
using Bench.Load;
using Bench.Measuring;

namespace Bench.Proxies;

/// <summary>A proxy's processes, from start to end.</summary>
internal sealed class RunningProxy : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private RunningProxy(Proxy proxy, Site site, Process process) => (Proxy, Site, _process) = (proxy, site, process);

    public Proxy Proxy { get; }

    public Site Site { get; }

    public int ProcessId => _process.Id;

    /// <summary>From the start of the program to the first answer over TLS.</summary>
    public TimeSpan FirstAnswer { get; private set; }

    /// <summary>Starts it and waits for its first answer.</summary>
    public static async Task<RunningProxy> StartAsync(Proxy proxy, Site site)
    {
        Directory.CreateDirectory(site.Folder);
        var command = proxy.Configure(site);
        var client = new TlsClient(site.Port, site.Credentials.CertificatePath) { Resumes = false };
        var clock = Stopwatch.StartNew();
        // Caddy keeps its configuration in the home folder.
        var environment = new Dictionary<string, string>(proxy.Environment) { ["HOME"] = site.Folder };
        var running = new RunningProxy(proxy, site, ChildProcess.StartIntoFile(command, Path.Combine(site.Folder, "output.log"), environment));
        try
        {
            await running.WaitForAnswerAsync(client, clock);
            running.FirstAnswer = clock.Elapsed;
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitForAnswerAsync(TlsClient client, Stopwatch clock)
    {
        while (true)
        {
            try
            {
                if (await AskAsync(client))
                {
                    return;
                }
            }
            catch (Exception e) when (clock.Elapsed < StartTimeout && !_process.HasExited)
            {
                _ = e;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"{Proxy.Name} {(_process.HasExited ? "ended" : "gave no answer")}; it wrote:\n{await File.ReadAllTextAsync(Path.Combine(Site.Folder, "output.log"))}", e);
            }

            await Task.Delay(1);
        }
    }

    private async Task<bool> AskAsync(TlsClient client)
    {
        await using var connection = new HttpConnection(await client.ConnectAsync(), Site.Port);
        return await connection.IsAnsweredAsync(HttpConnection.Request("/api/small", Site.Port), Answers.Small);
    }
}
