using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Acme;

/// <summary>A certificate and its intermediates, leaf first, as downloaded (RFC 8555 section 9.1).</summary>
/// <param name="Pem">The certificates alone, whatever else the CA may have sent.</param>
/// <param name="TopIssuer">The common name of who issued the topmost certificate: what "preferred chain" compares.</param>
internal sealed record CertificateChain(string Pem, string TopIssuer)
{
    private const string CommonNameOid = "2.5.4.3";

    public static CertificateChain Read(AcmeAnswer answer)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.UTF8.GetString(answer.Body));
            if (certificates.Count == 0)
            {
                throw new CryptographicException("There is none.");
            }

            return new CertificateChain(certificates.ExportCertificatePems() + "\n", CommonName(certificates[^1].IssuerName));
        }
        catch (CryptographicException e)
        {
            throw new AcmeException(answer.Attempt, answer.Url, $"{answer.Url} answered with something else than certificates in PEM: {e.Message}", e)
            {
                StatusCode = answer.StatusCode,
            };
        }
        finally
        {
            foreach (var certificate in certificates)
            {
                certificate.Dispose();
            }
        }
    }

    /// <summary>What is wrong with this chain for a request: another key, or a name that is missing; null when nothing is.</summary>
    public string? Mismatch(AsymmetricAlgorithm key, IReadOnlyList<AcmeIdentifier> identifiers)
    {
        using var leaf = X509Certificate2.CreateFromPem(Pem);
        if (!leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            return "the CA sent a certificate for another key";
        }

        // Newer profiles leave the common name out, so that it says nothing.
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        var dns = names?.EnumerateDnsNames().ToHashSet(StringComparer.OrdinalIgnoreCase) ?? [];
        var addresses = names?.EnumerateIPAddresses().ToHashSet() ?? [];
        var missing = identifiers.FirstOrDefault(identifier => identifier.Type == AcmeIdentifier.IpType
            ? !addresses.Contains(IPAddress.Parse(identifier.Value))
            : !dns.Contains(identifier.Value));
        return missing is null
            ? null
            : $"the CA sent a certificate for {string.Join(", ", [.. dns, .. addresses])}, which {missing} is not among";
    }

    private static string CommonName(X500DistinguishedName name) => name.EnumerateRelativeDistinguishedNames()
        .FirstOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)
        ?.GetSingleElementValue() ?? name.Name;
}
