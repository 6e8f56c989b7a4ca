using System.Text.Json.Serialization;
using Bench.Load;
using Bench.Measuring;

namespace Bench.Proxies;

/// <summary>What a proxy turned out to be, and that it does what all have to do.</summary>
internal sealed record ProxyFacts
{
    public ProxyFacts(Proxy proxy) => Proxy = proxy;

    [JsonIgnore]
    public Proxy Proxy { get; }

    public string Name => Proxy.Name;

    public required string Version { get; init; }

    /// <summary>What a client gets that offers what browsers offer.</summary>
    public required string Tls { get; init; }

    public IReadOnlyDictionary<string, string> Environment => Proxy.Environment;

    public static async Task<ProxyFacts> AskAsync(RunningProxy running)
    {
        var client = new TlsClient(running.Site.Port, running.Site.Credentials.CertificatePath);
        await using var connection = new HttpConnection(await client.ConnectAsync(), running.Site.Port);
        var head = await connection.GetTextAsync("/api/head");
        string[] wanted = running.Proxy.IsGateway || running.Proxy.IsPeer ? ["X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", $"Host: {TlsClient.Host}:{running.Site.Port}"] : ["X-Real-IP: 127.0.0.1"];
        foreach (var header in wanted)
        {
            if (!head.Contains($"\n{header}\r\n", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"the service gets no '{header}' from {running.Proxy.Name}:\n{head}");
            }
        }

        return new ProxyFacts(running.Proxy)
        {
            Version = ChildProcess.FirstLine(running.Proxy.VersionCommand),
            Tls = $"{connection.Tls.SslProtocol} {connection.Tls.NegotiatedCipherSuite}",
        };
    }
}
