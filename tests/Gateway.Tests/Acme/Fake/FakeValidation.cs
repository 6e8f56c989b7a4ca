using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Tests.Acme.Fake;

/// <summary>Validates as a CA does, except that every name is at 127.0.0.1 and that the ports are the test's.</summary>
/// <param name="HttpPort">In place of port 80; http-01.</param>
/// <param name="TlsPort">In place of port 443; tls-alpn-01.</param>
/// <param name="TxtRecords">The values at a DNS name; dns-01.</param>
internal sealed record FakeValidation(int HttpPort = 0, int TlsPort = 0, Func<string, IEnumerable<string>>? TxtRecords = null)
{
    private const string AcmeIdentifierOid = "1.3.6.1.5.5.7.1.31";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task ValidateAsync(FakeChallenge challenge, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await (challenge.Type switch
            {
                "http-01" => ValidateHttpAsync(challenge, limit.Token),
                "tls-alpn-01" => ValidateTlsAsync(challenge, limit.Token),
                "dns-01" => ValidateDns(challenge),
                _ => throw FakeJws.Malformed($"nobody answers {challenge.Type}"),
            });
        }
        catch (Exception e) when (e is IOException or SocketException or HttpRequestException or OperationCanceledException)
        {
            throw new FakeRefusal(400, "connection", $"{challenge.Name}: {e.Message}");
        }
    }

    private async Task ValidateHttpAsync(FakeChallenge challenge, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{HttpPort}/.well-known/acme-challenge/{challenge.Token}");
        request.Headers.Host = challenge.Name;
        using var response = await http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        Expect(response.IsSuccessStatusCode && body.TrimEnd() == challenge.KeyAuthorization, $"{challenge.Name} answered {(int)response.StatusCode} '{body}'");
    }

    private async Task ValidateTlsAsync(FakeChallenge challenge, CancellationToken cancellationToken)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, TlsPort, cancellationToken);
        await using var tls = new SslStream(tcp.GetStream());
        X509Certificate2? shown = null;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = ServerName(challenge),
                ApplicationProtocols = [new SslApplicationProtocol("acme-tls/1")],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = certificate as X509Certificate2) is not null,
            },
            cancellationToken);
        Expect(tls.NegotiatedApplicationProtocol.ToString() == "acme-tls/1", "the protocol is not acme-tls/1");
        Expect(shown is not null && Names(shown).SequenceEqual([challenge.Name]), "the names of the certificate are not those of the challenge");
        byte[] expected = [4, 32, .. SHA256.HashData(Encoding.ASCII.GetBytes(challenge.KeyAuthorization))];
        var digest = shown!.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AcmeIdentifierOid);
        Expect(digest is { Critical: true } && digest.RawData.AsSpan().SequenceEqual(expected), "the digest in the certificate is wrong");
    }

    private Task ValidateDns(FakeChallenge challenge)
    {
        var expected = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(challenge.KeyAuthorization)))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var found = TxtRecords?.Invoke("_acme-challenge." + challenge.Name).ToList() ?? [];
        Expect(found.Contains(expected), $"_acme-challenge.{challenge.Name} has '{string.Join(' ', found)}'");
        return Task.CompletedTask;
    }

    private static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FakeRefusal(403, "unauthorized", otherwise);
        }
    }

    // RFC 8738 section 6; the tests have IPv4 addresses only.
    private static string ServerName(FakeChallenge challenge) => challenge.Authorization.Identifier.Type == "ip"
        ? string.Join('.', challenge.Name.Split('.').Reverse()) + ".in-addr.arpa"
        : challenge.Name;

    private static IEnumerable<string> Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        return names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()));
    }
}
