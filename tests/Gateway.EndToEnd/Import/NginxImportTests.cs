using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.EndToEnd.Systemd;
using Gateway.Import.Nginx;

namespace Gateway.EndToEnd.Import;

/// <summary>
/// nginx with configurations as people have them, and the gateway with what <c>gateway import nginx</c> makes of them: the same requests
/// to both, one after the other on the same ports, in a network of their own. Whatever differs is written down beside the request, with
/// the directive that the report calls changed or not supported.
/// </summary>
public sealed class NginxImportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Sites => [.. ImportedSite.Names];

    [Theory]
    [MemberData(nameof(Sites))]
    public async Task TheGatewayAnswersAsNginxDidButForWhatTheReportSays(string name)
    {
        var requests = ImportedSite.Requests(name);

        var (byNginx, byGateway, report) = await AskBothAsync(name, requests);

        AssertSame(requests, byNginx, byGateway, report);
    }

    [Fact]
    public async Task EachServerOfAnUpstreamGetsItsShare()
    {
        // Twice around. The order within a round is each one's own.
        var (byNginx, byGateway, report) = await AskBothAsync("limits", ComparedRequest.Parse(Enumerable.Repeat("GET http://limits.example/shares/", 8)));

        Assert.Equal(Shares(byNginx), Shares(byGateway));
        Assert.Equal("8301: 6, 8302: 2", Shares(byGateway));
        Assert.Equal(2, report.Lines.Count(l => l is { Directive.Name: "server", Verdict: ImportVerdict.Kept } && l.Directive.Arguments.Count > 0));
    }

    private static string Shares(IEnumerable<Exchange> exchanges) =>
        string.Join(", ", exchanges.GroupBy(e => e.Port).OrderBy(g => g.Key).Select(g => $"{g.Key}: {g.Count()}"));

    private static async Task<(List<Exchange> ByNginx, List<Exchange> ByGateway, ImportReport Report)> AskBothAsync(string name, IReadOnlyList<ComparedRequest> requests)
    {
        Require.Root();
        var (nginxPath, unshare, nsenter) = (Require.Tool("nginx"), Require.Tool("unshare"), Require.Tool("nsenter"));
        using var folder = new TestFolder();
        var site = ImportedSite.Prepare(name, folder);
        var report = await ImportAsync(folder, site);

        await using var home = RunningProgram.Start(unshare, ["--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 600"], folder);
        await home.WaitForLineAsync("up");
        using var network = new NetworkNamespace(home.ProcessId);
        await using var services = new RecordingServices(network, site.Services);
        string[] inside = [$"--net=/proc/{home.ProcessId}/ns/net"];

        List<Exchange> byNginx;
        var nginx = RunningProgram.Start(nsenter, [.. inside, nginxPath, "-p", folder["nginx"], "-c", site.Configuration, "-e", "stderr", "-g", "daemon off;"], folder);
        try
        {
            await ListensAsync(network, site.Port, nginx);
            byNginx = await SendAsync(requests, network, services);
        }
        finally
        {
            nginx.Terminate();
            await nginx.WaitForExitAsync();
            await nginx.DisposeAsync();
        }

        await using var gateway = RunningProgram.Start(nsenter, [.. inside, Repository.Gateway, "run", "--config", folder["gateway.json"]], folder);
        await gateway.WaitForLineAsync(" (valid) at ");
        return (byNginx, await SendAsync(requests, network, services), report);
    }

    private static async Task<ImportReport> ImportAsync(TestFolder folder, ImportedSite site)
    {
        var result = await RunningProgram.RunAsync(Repository.Gateway, ["import", "nginx", site.Configuration, "--out", folder["gateway.json"]], folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("finds nothing wrong with it", result.Output, StringComparison.Ordinal);
        return NginxImport.Read(site.Configuration).Report;
    }

    private static async Task ListensAsync(NetworkNamespace network, int port, RunningProgram nginx)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                (await network.ConnectAsync(IPAddress.Loopback, port, Cancellation)).Dispose();
                return;
            }
            catch (SocketException) when (tries < 600 && !nginx.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            }
            catch (SocketException)
            {
                Assert.Fail($"nginx does not listen on port {port}:\n{nginx.All.Text}");
            }
        }
    }

    private static async Task<List<Exchange>> SendAsync(IEnumerable<ComparedRequest> requests, NetworkNamespace network, RecordingServices services)
    {
        var exchanges = new List<Exchange>();
        foreach (var request in requests)
        {
            exchanges.Add(await Exchange.MakeAsync(request, network, services, Cancellation));
        }

        return exchanges;
    }

    private static void AssertSame(IReadOnlyList<ComparedRequest> requests, List<Exchange> byNginx, List<Exchange> byGateway, ImportReport report)
    {
        var added = Added(report);
        var wrong = new List<string>();
        for (var i = 0; i < requests.Count; i++)
        {
            var found = byGateway[i].DifferencesFrom(byNginx[i], added);
            if (!found.ToHashSet().SetEquals(requests[i].Differs))
            {
                wrong.Add($"{requests[i].Line}\n  differs {string.Join(' ', found)}\n    nginx:   {byNginx[i]}\n    gateway: {byGateway[i]}");
            }

            wrong.AddRange(requests[i].Because.Where(place => !IsSaid(report, place)).Select(place => $"{requests[i].Line}\n  the report says nothing of {place}"));
            if (requests[i].Differs.Count > 0 && requests[i].Because.Count == 0)
            {
                wrong.Add($"{requests[i].Line}\n  because of which directive?");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static bool IsSaid(ImportReport report, string place) =>
        report.Lines.Any(l => l.Directive.Place.Short == place && l.Verdict != ImportVerdict.Kept);

    // "the service also gets X-Real-IP, X-Forwarded-For"
    private static HashSet<string> Added(ImportReport report) => new(
        report.Lines.SelectMany(l => l.Notes).Where(n => n.Contains("the service also gets", StringComparison.Ordinal))
            .SelectMany(n => Regex.Matches(n, "X-[A-Za-z-]+|traceparent").Select(m => m.Value)),
        StringComparer.OrdinalIgnoreCase);
}
