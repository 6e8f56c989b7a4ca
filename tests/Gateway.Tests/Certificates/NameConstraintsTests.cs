using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;

namespace Gateway.Tests.Certificates;

/// <summary>What the authority's key is worth: asked of the verifiers themselves, with leaves that it signed against its own rules.</summary>
public sealed class NameConstraintsTests : IDisposable
{
    private readonly TestFolder _state = new();
    private readonly LocalAuthority _authority;

    public NameConstraintsTests() => _authority = LocalAuthority.OpenOrCreate(_state.Path, TimeProvider.System);

    public static TheoryData<string, bool> Cases => new()
    {
        { "localhost", true },
        { "*.localhost", true },
        { "app.localhost", true },
        { "box.local", true },
        { "a.b.test", true },
        { "db.internal", true },
        { "nas.home.arpa", true },
        { LocalNames.MachineName, true },
        { "127.0.0.1", true },
        { "127.9.9.9", true },
        { "10.1.2.3", true },
        { "172.16.0.1", true },
        { "172.31.255.255", true },
        { "192.168.178.20", true },
        { "::1", true },
        { "fd00::17", true },
        { "example.com", false },
        { "*.example.com", false },
        { "local.example.com", false },
        { "notlocal", false },
        { "localhost.com", false },
        { "www." + LocalNames.MachineName, false },
        { "8.8.8.8", false },
        { "172.32.0.1", false },
        { "128.0.0.1", false },
        { "2001:db8::1", false },
        { "::2", false },
    };

    public void Dispose() => _state.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheAuthorityKnowsWhatItMayIssue(string name, bool permitted)
    {
        var constraints = NameConstraints.Of(_authority.Root)!;
        Assert.Equal(permitted, IPAddress.TryParse(name, out var address) ? constraints.Permits(address) : constraints.Permits(name));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheRuntimeAgrees(string name, bool permitted)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority.Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.Equal(permitted, chain.Build(Sign("localhost", name)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task OpensslAgrees(string name, bool permitted)
    {
        var leaf = _state.Write("leaf.crt", Sign("127.0.0.1", name).ExportCertificatePem());
        var (exitCode, output) = await ExternalTool.RunAsync("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", _authority.RootPath, leaf);
        Assert.True((exitCode == 0) == permitted, output);
        Assert.True(permitted || output.Contains("permitted subtree violation", StringComparison.Ordinal) || output.Contains("excluded subtree violation", StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("box.test", true)]
    [InlineData("example.com", false)]
    public async Task CurlAgrees(string name, bool permitted)
    {
        var served = new ServedCertificate(Sign("127.0.0.1", name), [], CertificateSource.LocalAuthority, "test");
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        var (exitCode, output) = await ExternalTool.RunAsync(
            "curl", "-sS", "--max-time", "20", "--cacert", _authority.RootPath, "--resolve", $"{name}:{server.Port}:127.0.0.1", $"https://{name}:{server.Port}/");
        Assert.True((exitCode == 0) == permitted, output);
        Assert.True(permitted || output.Contains("subtree violation", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task CurlAndPythonTrustTheLeafThatIsServed()
    {
        var served = _authority.LeafFor(LocalNames.ForLoopback);
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        foreach (var host in new[] { "localhost", "127.0.0.1" })
        {
            var (exitCode, output) = await ExternalTool.RunAsync("curl", "-4sS", "--max-time", "20", "--cacert", _authority.RootPath, $"https://{host}:{server.Port}/");
            Assert.True(exitCode == 0, output);
            (exitCode, output) = await ExternalTool.RunAsync(
                await ExternalTool.PythonWithRequestsAsync(),
                "-c",
                "import sys, requests; print(requests.get(sys.argv[1], verify=sys.argv[2], timeout=20).text)",
                $"https://{host}:{server.Port}/",
                _authority.RootPath);
            Assert.True(exitCode == 0, output);
        }
    }

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        var constraints = NameConstraints.Of(_authority.Root)!;
        Assert.Contains("home.arpa", constraints.Domains);
        Assert.Equal(
            ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"],
            constraints.Networks.Select(network => network.ToString()));
    }

    // Signed with the authority's key by hand, past its own checks.
    private X509Certificate2 Sign(params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.AddServerExtensions(new LocalNames(
            [.. names.Where(name => !IPAddress.TryParse(name, out _))],
            [.. names.Where(name => IPAddress.TryParse(name, out _)).Select(IPAddress.Parse)]));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority.Root, true, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(_authority.Root, now.AddHours(-1), now.AddDays(30), [1, 2, 3]).CopyWithPrivateKey(key);
    }
}
