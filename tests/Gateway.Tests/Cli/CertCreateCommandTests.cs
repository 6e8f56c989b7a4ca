using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Cli;

public sealed class CertCreateCommandTests : IDisposable
{
    private readonly CertConsole _console = new();

    private string Folder => _console.Home["certs"];

    private string CertificatePath => Path.Combine(Folder, "server.crt");

    private string KeyPath => Path.Combine(Folder, "server.key");

    public void Dispose() => _console.Dispose();

    [Fact]
    public void WritesAPairThatIsServedAndSaysHow()
    {
        Assert.Equal(0, _console.Run("create", "--out", Folder));
        var served = Load();
        Assert.Equal(["localhost"], served.DnsNames);
        Assert.InRange((served.NotAfter - TimeProvider.System.GetUtcNow()).TotalDays, 364.9, 365.1);
        Assert.Contains(CertificatePath, _console.Output, StringComparison.Ordinal);
        Assert.Contains("\"Certificates\": [{ \"Path\": ", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"SSL_KEY_PATH={KeyPath}", _console.Output, StringComparison.Ordinal);
        Assert.Contains("gateway cert trust", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TakesNamesAddressesAndDays()
    {
        Assert.Equal(0, _console.Run(
            "create", "--domain", "chat.example.com", "--domain", "*.example.com", "--domain", "bücher.example", "--domain", "192.168.1.5", "--domain", "::1",
            "--days", "10", "--out", Folder));
        var served = Load();
        Assert.Equal(["chat.example.com", "*.example.com", "xn--bcher-kva.example"], served.DnsNames);
        Assert.Equal([IPAddress.Parse("192.168.1.5"), IPAddress.IPv6Loopback], served.Addresses);
        Assert.InRange((served.NotAfter - TimeProvider.System.GetUtcNow()).TotalDays, 9.9, 10.1);
    }

    [Fact]
    public void TheKeyIsItsOwnersAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes");
        _console.Run("create", "--out", Folder);
#pragma warning disable CA1416 // Skipped on Windows above.
        Assert.Equal(AtomicFile.Secret, File.GetUnixFileMode(KeyPath));
        Assert.Equal(AtomicFile.Public, File.GetUnixFileMode(CertificatePath));
#pragma warning restore CA1416
    }

    [Theory]
    [InlineData("server.crt")]
    [InlineData("server.key")]
    public void OverwritesNothingWithoutForce(string name)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, name), "precious");
        Assert.Equal(1, _console.Run("create", "--out", Folder));
        Assert.Contains("--force", _console.Error, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Path.Combine(Folder, name)));
        Assert.Single(Directory.GetFiles(Folder));

        Assert.Equal(0, _console.Run("create", "--out", Folder, "--force"));
        Load();
    }

    [Theory]
    [InlineData("--domain", "https://example.com")]
    [InlineData("--domain", "example.com:443")]
    [InlineData("--domain", "a b")]
    [InlineData("--domain", "")]
    [InlineData("--domain", "a..b")]
    [InlineData("--domain", "a.*.b")]
    [InlineData("--domain", "-a.b")]
    [InlineData("--domain", "300.1.1.1")]
    [InlineData("--days", "0")]
    [InlineData("--days", "-5")]
    [InlineData("--days", "3651")]
    [InlineData("--days", "x")]
    public void WrongUsageIsNamedAndWritesNothing(string option, string value)
    {
        Assert.Equal(2, _console.Run("create", "--out", Folder, option, value));
        Assert.Contains(option, _console.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder));
    }

    [Fact]
    public void AFolderThatCannotBeMadeIsExplained()
    {
        _console.Home.Write("file", "");
        Assert.Equal(1, _console.Run("create", "--out", _console.Home["file/certs"]));
        Assert.Contains("--out", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CurlAndPythonTrustItWhenTheyAreGivenTheFile()
    {
        _console.Run("create", "--domain", "localhost", "--domain", "127.0.0.1", "--out", Folder);
        var served = Load();
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        foreach (var host in new[] { "localhost", "127.0.0.1" })
        {
            var url = $"https://{host}:{server.Port}/";
            var (exitCode, output) = await ExternalTool.RunAsync("curl", "-4sS", "--max-time", "20", "--cacert", CertificatePath, url);
            Assert.True(exitCode == 0, output);
            (exitCode, output) = await ExternalTool.RunAsync(
                await ExternalTool.PythonWithRequestsAsync(),
                "-c",
                "import sys, requests; print(requests.get(sys.argv[1], verify=sys.argv[2], timeout=20).text)",
                url,
                CertificatePath);
            Assert.True(exitCode == 0, output);
        }
    }

    [Fact]
    public async Task ItsKeyCannotSignForOthers()
    {
        _console.Run("create", "--out", Folder);
        using var authority = X509Certificate2.CreateFromPemFile(CertificatePath, KeyPath);
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest("CN=example.com", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var leaf = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authority.GetECDsaPrivateKey()!), authority.NotBefore, authority.NotAfter, [1]);
        var path = _console.Home.Write("leaf.crt", leaf.ExportCertificatePem());
        var (exitCode, output) = await ExternalTool.RunAsync("openssl", "verify", "-CAfile", CertificatePath, path);
        Assert.True(exitCode != 0, output);
    }

    private ServedCertificate Load() => new CertificateFile(CertificateFileTests.Options(CertificatePath, KeyPath)).Load();
}
