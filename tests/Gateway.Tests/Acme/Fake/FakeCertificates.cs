using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

/// <summary>A certificate that the fake CA issued.</summary>
internal sealed class FakeCertificate(string url, FakeAccount account, X509Certificate2 leaf, IReadOnlyList<string> chains)
{
    public string Url => url;
    public FakeAccount Account => account;
    public X509Certificate2 Leaf => leaf;

    /// <summary>PEM, the default chain first.</summary>
    public IReadOnlyList<string> Chains => chains;

    /// <summary>RFC 9773 section 4.1.</summary>
    public string Id { get; } = string.Join('.',
        Base64Url.EncodeToString(leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span),
        Base64Url.EncodeToString(leaf.SerialNumberBytes.Span));

    public bool IsReplaced { get; set; }
    public bool IsRevoked { get; set; }
    public int? RevocationReason { get; set; }
}

/// <summary>Issues, hands out and revokes certificates, and advises on their renewal (RFC 8555 sections 7.4.2 and 7.6, RFC 9773).</summary>
internal sealed class FakeCertificates(FakeAcmeServer server)
{
    private readonly List<FakeCertificate> _certificates = [];

    public IReadOnlyList<FakeCertificate> All => _certificates;

    public FakeCertificate Issue(FakeOrder order, byte[] csr)
    {
        var request = Read(csr);
        var accountKey = FakeJws.PublicKey(order.Account.Jwk);
        if (request.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(accountKey))
        {
            throw new FakeRefusal(400, "badCSR", "the key is the account's");
        }

        var names = request.CertificateExtensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        var requested = names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()));
        var ordered = order.Identifiers.Select(identifier => identifier.Value);
        if (request.SubjectName.Name.Length > 0 || !requested.Order().SequenceEqual(ordered.Order()))
        {
            throw new FakeRefusal(400, "badCSR", $"the request is for {request.SubjectName.Name} {string.Join(", ", requested)}");
        }

        if (order.Replaces is not null)
        {
            Find(order.Replaces)!.IsReplaced = true;
        }

        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = server.Options.Time.GetUtcNow();
        var leaf = server.Authority.Issue(
            server.Behaviour.WrongKey ? new PublicKey(stranger) : request.PublicKey,
            server.Behaviour.WrongName is { } wrong ? Names(wrong) : names,
            now.AddHours(-1),
            now.AddHours(-1) + server.Behaviour.CertificateLifetime);
        var url = server.Url($"certificate/{_certificates.Count + 1}");
        var certificate = new FakeCertificate(url, order.Account, leaf, server.Authority.Chains(leaf));
        _certificates.Add(certificate);
        return certificate;
    }

    /// <summary>"certificate/7" has the default chain, "certificate/7/2" the second.</summary>
    public FakeAnswer Download(FakeAccount account, string url)
    {
        var certificate = _certificates.Find(certificate =>
            certificate.Account == account && (certificate.Url == url || url.StartsWith(certificate.Url + "/", StringComparison.Ordinal)))
            ?? throw new FakeRefusal(404, "malformed", $"there is no certificate {url}");
        var chosen = url == certificate.Url ? 1 : int.Parse(url[(certificate.Url.Length + 1)..]);
        var others = Enumerable.Range(1, certificate.Chains.Count).Where(number => number != chosen);
        return new FakeAnswer(200, "application/pem-certificate-chain", Encoding.ASCII.GetBytes(certificate.Chains[chosen - 1]))
        {
            Links = [.. others.Select(number => $"<{certificate.Url}/{number}>;rel=\"alternate\"")],
        };
    }

    public FakeAnswer Revoke(FakeAccount? account, FakeJws jws)
    {
        var request = jws.Read();
        var der = Base64Url.DecodeFromChars((string)request["certificate"]!);
        var certificate = _certificates.Find(certificate => certificate.Leaf.RawDataMemory.Span.SequenceEqual(der))
            ?? throw new FakeRefusal(404, "malformed", "no such certificate");

        // RFC 8555 section 7.6: by the account that ordered it, or by its own key.
        var authorized = account is not null
            ? certificate.Account == account
            : FakeJws.PublicKey(jws.Jwk!).AsSpan().SequenceEqual(certificate.Leaf.PublicKey.ExportSubjectPublicKeyInfo());
        if (!authorized)
        {
            throw new FakeRefusal(403, "unauthorized", "the certificate is somebody else's");
        }

        if (certificate.IsRevoked)
        {
            throw new FakeRefusal(400, "alreadyRevoked", "the certificate is revoked already");
        }

        certificate.IsRevoked = true;
        certificate.RevocationReason = (int?)request["reason"];
        return FakeAnswer.Empty();
    }

    public FakeAnswer Advise(string id)
    {
        var certificate = Find(id) ?? throw new FakeRefusal(404, "malformed", $"there is no certificate {id}");
        var (start, end) = server.Behaviour.RenewalWindow(certificate.Leaf);
        var json = new JsonObject
        {
            ["suggestedWindow"] = new JsonObject { ["start"] = start.ToString("O"), ["end"] = end.ToString("O") },
        };
        if (server.Behaviour.RenewalExplanation is { } explanation)
        {
            json["explanationURL"] = explanation;
        }

        return FakeAnswer.Json(json);
    }

    public void CheckReplaceable(string? id, FakeAccount account)
    {
        if (id is null)
        {
            return;
        }

        var certificate = Find(id) ?? throw new FakeRefusal(404, "malformed", $"there is no certificate {id} to replace");
        if (certificate.Account != account)
        {
            throw new FakeRefusal(403, "unauthorized", $"the certificate {id} to replace is somebody else's");
        }

        if (certificate.IsReplaced)
        {
            throw new FakeRefusal(409, "alreadyReplaced", $"the certificate {id} has been replaced already");
        }
    }

    private FakeCertificate? Find(string id) => _certificates.Find(certificate => certificate.Id == id);

    private static CertificateRequest Read(byte[] csr)
    {
        try
        {
            return CertificateRequest.LoadSigningRequest(
                csr, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException e)
        {
            throw new FakeRefusal(400, "badCSR", e.Message);
        }
    }

    private static X509Extension Names(string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        return names.Build();
    }
}
