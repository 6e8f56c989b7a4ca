using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.EndToEnd.Harness;

/// <summary>The built gateway, running.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly TestFolder _folder;

    private GatewayProcess(RunningProgram program, TestFolder folder, int? httpsPort, int? httpPort) =>
        (Program, _folder, HttpsPort, HttpPort) = (program, folder, httpsPort, httpPort);

    public RunningProgram Program { get; }

    public int? HttpsPort { get; }

    public int? HttpPort { get; }

    public Uri HttpsAddress => new($"https://localhost:{HttpsPort}");

    public Uri HttpAddress => new($"http://localhost:{HttpPort}");

    /// <summary>The root of its local authority, in PEM form.</summary>
    public string CaPath => _folder.CaPath;

    /// <summary><c>gateway run</c>, once it listens.</summary>
    /// <param name="folder">Its home and state.</param>
    /// <param name="json">The configuration.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="under">A program and its arguments that starts the gateway in its own place, such as <c>prlimit --nofile=256</c>.</param>
    public static async Task<GatewayProcess> RunAsync(
        TestFolder folder, GatewayJson json, IReadOnlyDictionary<string, string?>? environment = null, params string[] under)
    {
        var path = folder.Write("gateway.json", json.ToString());
        string[] command = [.. under, Repository.Gateway, "run", "--config", path];
        var program = RunningProgram.Start(command[0], command[1..], folder, environment);
        // What start-up logs once it listens: "gateway 0.1.0 serves gateway.json (valid) at https://..."
        return await StartedAsync(new GatewayProcess(program, folder, json.HttpsPort, json.HttpPort), " (valid) at ");
    }

    /// <summary><c>gateway dev</c> on its fixed ports, once it listens; with a command, once all services are up.</summary>
    /// <param name="folder">Its home and state.</param>
    /// <param name="config">The configuration file; the sample at the root of the repository unless given.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="lan">With <c>--lan</c>.</param>
    /// <param name="command">What follows <c>--</c>.</param>
    public static async Task<GatewayProcess> DevAsync(
        TestFolder folder, string? config = null, IReadOnlyDictionary<string, string?>? environment = null, bool lan = false, params string[] command)
    {
        await DevPorts.RequireFreeAsync();
        string[] arguments = ["dev", .. lan ? ["--lan"] : Array.Empty<string>(), "--config", config ?? Path.Combine(Repository.Root, "gateway.json")];
        var program = RunningProgram.Start(
            Repository.Gateway, command.Length > 0 ? [.. arguments, "--", .. command] : arguments, folder, environment);
        return await StartedAsync(
            new GatewayProcess(program, folder, DevPorts.Https, DevPorts.Http), command.Length > 0 ? "Ready: https://" : "  Open https://");
    }

    /// <summary>A client that trusts the gateway's local authority and nothing else, and follows no redirect.</summary>
    /// <param name="version">HTTP/1.1 or HTTP/2, exactly.</param>
    public HttpClient CreateClient(Version? version = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, SslOptions = TrustOnly(CaPath) };
        return new HttpClient(handler)
        {
            BaseAddress = HttpsAddress,
            DefaultRequestVersion = version ?? HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromMinutes(2),
        };
    }

    /// <summary>TLS that trusts one root only.</summary>
    public static SslClientAuthenticationOptions TrustOnly(string rootPath) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(rootPath) },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    public ValueTask DisposeAsync() => Program.DisposeAsync();

    private static async Task<GatewayProcess> StartedAsync(GatewayProcess gateway, string line)
    {
        try
        {
            await gateway.Program.WaitForLineAsync(line);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }
}
