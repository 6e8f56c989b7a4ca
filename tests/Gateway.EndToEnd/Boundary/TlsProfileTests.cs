using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Boundary;

/// <summary>What testssl.sh says of protocols, ciphers, forward secrecy and known vulnerabilities. Minutes long, so only when asked for:
/// <c>-explicit only -class '*TlsProfileTests'</c>.</summary>
[Collection(Alone.Collection)]
public sealed class TlsProfileTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData("ecdsa")]
    [InlineData("rsa")]
    public async Task NothingIsFound(string algorithm)
    {
        var testssl = Require.Tool("testssl");
        using var folder = new TestFolder();
        var (certificate, key) = Create(folder, algorithm);
        await using var gateway = await GatewayProcess.RunAsync(
            folder, new GatewayJson().Https().To("http://127.0.0.1:1").Set("Gateway:Certificates", new System.Text.Json.Nodes.JsonArray(
                new System.Text.Json.Nodes.JsonObject { ["Path"] = certificate, ["KeyPath"] = key })));
        var report = folder["report.json"];

        await RunningProgram.RunAsync(
            testssl,
            ["--ip", "127.0.0.1", "--nodns", "none", "--warnings", "off", "--quiet", "--severity", "LOW", "-p", "-s", "-f", "-U", "--jsonfile", report, $"localhost:{gateway.HttpsPort}"],
            folder,
            timeout: TimeSpan.FromMinutes(20));

        using var findings = JsonDocument.Parse(await File.ReadAllTextAsync(report, Cancellation));
        var lines = findings.RootElement.EnumerateArray()
            .Select(finding => (Severity: finding.GetProperty("severity").GetString()!, Text: $"{finding.GetProperty("id")}: {finding.GetProperty("finding")}"))
            .ToArray();
        foreach (var (severity, text) in lines)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{severity} {text}");
        }

        Assert.DoesNotContain(lines, line => line.Severity is "LOW" or "MEDIUM" or "HIGH" or "CRITICAL" or "FATAL");
    }

    private static (string Certificate, string Key) Create(TestFolder folder, string algorithm)
    {
        using AsymmetricAlgorithm key = algorithm == "rsa" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=localhost", (ECDsa)key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(60));
        var keyPath = folder.Write("server.key", key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (folder.Write("server.pem", certificate.ExportCertificatePem()), keyPath);
    }
}
