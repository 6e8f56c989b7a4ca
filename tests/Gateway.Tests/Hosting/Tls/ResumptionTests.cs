using Gateway.Certificates;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Hosting.Tls;

public sealed class ResumptionTests
{
    // What a client does that knows it from last time: no certificate, no signature, and in TLS 1.2 a round trip less.
    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task WhoComesBackGoesOnWithItsSession(string version)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET decides");
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));
        using var folder = new TestFolder();
        var session = folder["session.pem"];

        var first = await ConnectAsync(gateway, version, $"-sess_out {session}");
        var second = await ConnectAsync(gateway, version, $"-sess_in {session}");

        Assert.Contains("\nNew, TLSv1", first, StringComparison.Ordinal);
        Assert.Contains("\nReused, TLSv1", second, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 502", second, StringComparison.Ordinal);
    }

    // A handshake would cost 3 % more with OpenSSL's two.
    [Fact]
    public async Task OneHandshakeGivesOneTicket()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET decides");
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));

        var output = await ConnectAsync(gateway, "-tls1_3", "");

        Assert.Equal(2, output.Split("New Session Ticket arrived").Length);
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task WhoComesBackAfterARenewalIsGivenTheNewCertificate(string version)
    {
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));
        using var folder = new TestFolder();
        var session = folder["session.pem"];
        await ConnectAsync(gateway, version, $"-sess_out {session}");

        gateway.Service<ServedCertificates>().Publish(CertificateSource.File, [TestIssuer.Shared.Serve(["localhost"])]);

        var second = await ConnectAsync(gateway, version, $"-sess_in {session}");
        Assert.Contains("\nNew, TLSv1", second, StringComparison.Ordinal);
        Assert.Contains("issuer=CN = Test intermediate", second.Replace("CN=", "CN = ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 502", second, StringComparison.Ordinal);
    }

    private static async Task<string> ConnectAsync(TestGateway gateway, string version, string session)
    {
        var (_, output) = await ExternalTool.RunAsync(
            "sh", "-c",
            $@"printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' | openssl s_client -connect 127.0.0.1:{new Uri(gateway.Address).Port} -servername localhost {version} -ign_eof {session}");
        Assert.SkipWhen(output.Contains("openssl: not found", StringComparison.Ordinal), "openssl is not installed");
        return output;
    }
}
