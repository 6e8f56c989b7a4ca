using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class ChallengeAnswerTests
{
    // The token and the key authorization of RFC 8555 section 8.3.
    private const string Token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
    private const string KeyAuthorization = Token + ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";

    [Fact]
    public void StandsAtThePathOfRfc8555Section83() =>
        Assert.Equal("/.well-known/acme-challenge/" + Token, Answer("http-01", "www.example.org").HttpPath);

    [Fact]
    public void StandsAtTheDnsNameOfRfc8555Section84() =>
        Assert.Equal("_acme-challenge.www.example.org", Answer("dns-01", "www.example.org").DnsName);

    [Fact]
    public void IsInDnsTheHashOfTheKeyAuthorization() =>
        Assert.Equal("lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM", Answer("dns-01", "www.example.org").DnsValue); // by openssl

    [Theory]
    [InlineData("www.example.org")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public void IsInTlsACertificateForExactlyOneName(string name)
    {
        using var certificate = Answer("tls-alpn-01", name).CreateTlsAlpnCertificate(new LeapingTime());
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(
            [name],
            names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
    }

    [Fact]
    public void IsInTlsACertificateWithTheDigestInACriticalExtension()
    {
        using var certificate = Answer("tls-alpn-01", "www.example.org").CreateTlsAlpnCertificate(new LeapingTime());
        var extension = certificate.Extensions["1.3.6.1.5.5.7.1.31"]!;
        Assert.True(extension.Critical);
        Assert.Equal([4, 32, .. SHA256.HashData(Encoding.ASCII.GetBytes(KeyAuthorization))], extension.RawData);
    }

    [Fact]
    public void IsInTlsACertificateThatIsValidByTheClock()
    {
        var time = new LeapingTime(new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero));
        using var certificate = Answer("tls-alpn-01", "www.example.org").CreateTlsAlpnCertificate(time);
        Assert.InRange(time.GetUtcNow(), certificate.NotBefore, certificate.NotAfter);
        Assert.True(certificate.HasPrivateKey);
    }

    // RFC 8738 section 6 has the first of these.
    [Theory]
    [InlineData("192.0.2.1", "1.2.0.192.in-addr.arpa")]
    [InlineData("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")]
    [InlineData("www.example.org", "www.example.org")]
    public void IsAskedForInTlsByTheReverseNameOfAnAddress(string name, string serverName) =>
        Assert.Equal(serverName, AcmeIdentifier.Parse(name).ServerName);

    private static ChallengeAnswer Answer(string type, string name) => new(type, AcmeIdentifier.Parse(name), Token, KeyAuthorization);
}
