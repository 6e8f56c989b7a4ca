using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Certificates.Automatic;

/// <summary>Adds to a chain those of the operator's extra CA certificates that continue it.</summary>
internal static class ChainCompletion
{
    private const int LongestChain = 10;

    /// <param name="chainPem">Leaf first.</param>
    /// <param name="additionalIssuers">CA certificates in PEM; what is not one is left out.</param>
    public static string Complete(string chainPem, IReadOnlyList<string> additionalIssuers)
    {
        if (additionalIssuers.Count == 0)
        {
            return chainPem;
        }

        var chain = Certificates(chainPem);
        var extra = additionalIssuers.SelectMany(Certificates).ToList();
        while (chain.Count is > 0 and < LongestChain && Next(chain[^1], extra) is { } next)
        {
            chain.Add(next);
        }

        return new X509Certificate2Collection(chain.ToArray()).ExportCertificatePems();
    }

    // A root is known to the client, or it does not help.
    private static X509Certificate2? Next(X509Certificate2 top, List<X509Certificate2> extra) => extra.Find(candidate =>
        IsIssuedBy(top, candidate) && !IsIssuedBy(top, top) && !IsIssuedBy(candidate, candidate));

    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 issuer) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData);

    private static List<X509Certificate2> Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
        }

        return [.. certificates];
    }
}
