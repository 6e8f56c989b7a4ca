using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Acme;

/// <summary>The built gateway in <c>run</c>, which gets its certificates from a pebble.</summary>
internal static class AcmeGateway
{
    /// <summary>A gateway.json for names from a pebble that looks at these two ports.</summary>
    public static GatewayJson Json(TestFolder folder, Pebble pebble, int httpsPort, int httpPort, params string[] names)
    {
        var root = folder.Write($"pebble-root-{httpsPort}.pem", pebble.Roots.ExportCertificatePems());
        return new GatewayJson().Https(httpsPort).Http(httpPort)
            .Set("LettuceEncrypt:AcceptTermsOfService", true)
            .Set("LettuceEncrypt:EmailAddress", "admin@example.com")
            .Set("LettuceEncrypt:DomainNames", new JsonArray([.. names.Select(name => (JsonNode)name)]))
            .Set("Gateway:Acme:Issuers", new JsonArray(new JsonObject
            {
                ["DirectoryUrl"] = pebble.DirectoryUrl.AbsoluteUri,
                ["TrustedRoots"] = new JsonArray(root),
            }));
    }

    /// <summary>The certificate that a browser which asks for a name gets; null when none.</summary>
    public static async Task<X509Certificate2?> ServedAsync(int port, string name, CancellationToken cancellationToken)
    {
        // On a machine that is very busy a handshake may take longer than the gateway's 10 seconds.
        for (var attempts = 1; ; attempts++)
        {
            var served = await ServedOnceAsync(port, name, cancellationToken);
            if (served is not null || attempts == 3)
            {
                return served;
            }
        }
    }

    /// <summary>Waits until a certificate of pebble's is served for a name, and not the one given.</summary>
    public static async Task<X509Certificate2> WaitForCertificateAsync(
        this GatewayProcess gateway, string name, string? otherThan, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            if (await ServedAsync(gateway.HttpsPort!.Value, name, limit.Token) is { } served
                && served.Issuer.Contains("Pebble", StringComparison.Ordinal)
                && served.MatchesHostname(name)
                && served.Thumbprint != otherThan)
            {
                return served;
            }

            Assert.False(gateway.Program.HasExited, gateway.Program.All.Text);
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Assert.Fail($"No certificate for {name}; the gateway wrote:\n{gateway.Program.All.Text}");
            }
        }
    }

    /// <summary>Whether a certificate chains to a root.</summary>
    public static void AssertChains(string storedPem, X509Certificate2 root)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(storedPem);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(all);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(all[0]), string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation)));
    }

    private static async Task<X509Certificate2?> ServedOnceAsync(int port, string name, CancellationToken cancellationToken)
    {
        X509Certificate2? served = null;
        try
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            await using var tls = new SslStream(tcp.GetStream(), false, (_, certificate, _, _) => (served = certificate as X509Certificate2) is not null);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name }, cancellationToken);
            return new X509Certificate2(served!);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return null;
        }
    }
}
