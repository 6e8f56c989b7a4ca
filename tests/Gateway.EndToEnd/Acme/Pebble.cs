using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CliWrap;
using Gateway.Acme;

namespace Gateway.EndToEnd.Acme;

/// <summary>How a pebble is started.</summary>
internal sealed record PebbleOptions
{
    /// <summary>Where http-01 challenges are looked for, in place of port 80.</summary>
    public int HttpPort { get; init; }

    /// <summary>Where tls-alpn-01 challenges are looked for, in place of port 443.</summary>
    public int TlsPort { get; init; }

    /// <summary>Percent of the good nonces that are refused; null for pebble's default, 5.</summary>
    public int? RejectNonces { get; init; }

    public int AlternateRoots { get; init; }

    /// <summary>Key id to base64url HMAC key; when not empty, accounts must be bound.</summary>
    public IReadOnlyDictionary<string, string> ExternalAccounts { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// Let's Encrypt's test CA with its DNS server, on free ports of the loopback, strict, behind a certificate of an authority
/// that exists for this one run. Every name is at 127.0.0.1.
/// </summary>
internal sealed class Pebble : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-pebble-");
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<CommandTask<CommandResult>> _processes = [];
    private readonly int[] _ports = FreePorts(4);
    private readonly HttpClient _http;

    private Pebble()
    {
        Roots = [CreateEndpointCertificate()];
        _http = AcmeHttp.CreateClient(Roots);
    }

    public Uri DirectoryUrl => new($"https://localhost:{_ports[0]}/dir");

    /// <summary>What a client has to trust to speak to pebble; not what pebble issues under.</summary>
    public X509Certificate2Collection Roots { get; }

    /// <summary>What the two programs said, for the message of a failed test.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>How many orders were placed.</summary>
    public int OrdersPlaced => _log.Count(line => line.Contains("Added order ", StringComparison.Ordinal));

    private string Management => $"https://localhost:{_ports[1]}";
    /// <summary>Where records are set and cleared.</summary>
    public string DnsManagement => $"http://127.0.0.1:{_ports[3]}";

    public static async Task<Pebble> StartAsync(PebbleOptions options)
    {
        var (program, dns) = (Require.Tool("pebble"), Require.Tool("pebble-challtestsrv"));
        for (var attempts = 1; ; attempts++)
        {
            var pebble = new Pebble();
            try
            {
                await pebble.RunAsync(program, dns, options);
                return pebble;
            }
            catch (EndedAtOnceException) when (attempts < 3)
            {
                // Somebody else may have taken a port that was free a moment ago.
                await pebble.DisposeAsync();
            }
            catch
            {
                await pebble.DisposeAsync();
                throw;
            }
        }
    }

    public HttpClient CreateHttpClient() => AcmeHttp.CreateClient(Roots);

    /// <summary>One of the roots that pebble issues under: 0, or the number of an alternate one.</summary>
    public async Task<X509Certificate2> RootAsync(int number, CancellationToken cancellationToken) =>
        X509Certificate2.CreateFromPem(await _http.GetStringAsync($"{Management}/roots/{number}", cancellationToken));

    /// <summary>"Valid" or "Revoked", and the reason.</summary>
    public async Task<(string Status, int Reason)> StatusAsync(X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var serial = certificate.SerialNumber.TrimStart('0').ToLowerInvariant();
        var json = await _http.GetFromJsonAsync<JsonObject>($"{Management}/cert-status-by-serial/{serial}", cancellationToken);
        return ((string)json!["Status"]!, (int?)json["Reason"] ?? 0);
    }

    public Task SetTxtAsync(string name, string value, CancellationToken cancellationToken) =>
        TellDnsAsync("set-txt", new { host = name + ".", value }, cancellationToken);

    public Task ClearTxtAsync(string name, CancellationToken cancellationToken) =>
        TellDnsAsync("clear-txt", new { host = name + "." }, cancellationToken);

    /// <summary>Who connects from now on waits.</summary>
    public Task SuspendAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_processes.Select(Task (process) => process.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task RunAsync(string program, string dns, PebbleOptions options)
    {
        Start(dns,
            [
                "-http01", "", "-https01", "", "-tlsalpn01", "", "-dns01", $"127.0.0.1:{_ports[2]}",
                "-management", $"127.0.0.1:{_ports[3]}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
            ],
            []);

        var configuration = Path.Combine(_folder.FullName, "pebble.json");
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(new
        {
            pebble = new
            {
                listenAddress = $"127.0.0.1:{_ports[0]}",
                managementListenAddress = $"127.0.0.1:{_ports[1]}",
                certificate = Path.Combine(_folder.FullName, "endpoint.crt"),
                privateKey = Path.Combine(_folder.FullName, "endpoint.key"),
                httpPort = options.HttpPort,
                tlsPort = options.TlsPort,
                externalAccountBindingRequired = options.ExternalAccounts.Count > 0,
                externalAccountMACKeys = options.ExternalAccounts,
            },
        }));
        var environment = new Dictionary<string, string?>
        {
            ["PEBBLE_VA_NOSLEEP"] = "1",
            ["PEBBLE_ALTERNATE_ROOTS"] = options.AlternateRoots.ToString(),
            ["PEBBLE_WFE_NONCEREJECT"] = options.RejectNonces?.ToString(),
        };
        Start(program, ["-strict", "-config", configuration, "-dnsserver", $"127.0.0.1:{_ports[2]}"], environment);

        using var limit = new CancellationTokenSource(StartLimit);
        await AnswersAsync(DirectoryUrl.AbsoluteUri, limit.Token);
        await AnswersAsync($"{Management}/roots/0", limit.Token);
        await AnswersAsync(DnsManagement, limit.Token);
    }

    private void Start(string program, string[] arguments, Dictionary<string, string?> environment)
    {
        var note = PipeTarget.ToDelegate(_log.Enqueue);
        _processes.Add(CliWrap.Cli.Wrap(program)
            .WithArguments(arguments)
            .WithEnvironmentVariables(environment)
            .WithWorkingDirectory(_folder.FullName)
            .WithStandardOutputPipe(note)
            .WithStandardErrorPipe(note)
            .ExecuteAsync(_stop.Token));
    }

    private Task SignalAsync(string signal) =>
        CliWrap.Cli.Wrap("kill").WithArguments([$"-{signal}", .. _processes.Select(process => $"{process.ProcessId}")]).ExecuteAsync(_stop.Token);

    private async Task AnswersAsync(string url, CancellationToken limit)
    {
        while (true)
        {
            if (_processes.Exists(process => process.Task.IsCompleted))
            {
                throw new EndedAtOnceException($"pebble or its DNS server ended at once:\n{Log}");
            }

            try
            {
                using var answer = await _http.GetAsync(url, limit);
                return;
            }
            catch (HttpRequestException)
            {
                // The port is not open yet, and nothing tells when it will be.
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit);
            }
        }
    }

    private async Task TellDnsAsync(string what, object json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(JsonSerializer.Serialize(json), Encoding.UTF8);
        using var answer = await _http.PostAsync($"{DnsManagement}/{what}", content, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private X509Certificate2 CreateEndpointCertificate()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest($"CN=Gateway tests {_ports[0]}", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        var root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 3, 4]);
        File.WriteAllText(Path.Combine(_folder.FullName, "endpoint.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder.FullName, "endpoint.key"), key.ExportECPrivateKeyPem());
        return root;
    }

    private sealed class EndedAtOnceException(string message) : Exception(message);

    // pebble cannot be told to choose a port itself and to say which.
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
