using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform.Tls;

/// <summary>A certificate with its chain and its key as OpenSSL takes them (SSL_CTX). The garbage collector takes it; sessions that were opened with it keep what they need.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class TlsCertificate
{
    /// <param name="leaf">With its private key.</param>
    /// <param name="chain">What is sent after it, in that order.</param>
    /// <exception cref="CryptographicException">OpenSSL cannot use it.</exception>
    public TlsCertificate(X509Certificate2 leaf, IEnumerable<X509Certificate2> chain)
    {
        Context = TlsServer.NewContext();
        Use(leaf, static (context, certificate) => OpenSsl.UseCertificate(context, certificate));
        foreach (var certificate in chain)
        {
            Use(certificate, static (context, above) => (int)OpenSsl.ControlContext(context, OpenSsl.AddToChainCommand, 1, above));
        }

        UseKeyOf(leaf);
        BindSessionsTo(leaf);
    }

    ~TlsCertificate() => OpenSsl.FreeContext(Context);

    /// <summary>The SSL_CTX.</summary>
    internal nint Context { get; }

    private void Use(X509Certificate2 certificate, Func<nint, nint, int> use)
    {
        fixed (byte* start = certificate.RawDataMemory.Span)
        {
            var position = start;
            var read = OpenSsl.ReadCertificate(0, &position, certificate.RawDataMemory.Length);
            var isUsed = read != 0 && use(Context, read) == 1;
            OpenSsl.FreeCertificate(read);
            ThrowUnless(isUsed);
        }
    }

    private void UseKeyOf(X509Certificate2 leaf)
    {
        using AsymmetricAlgorithm? key = leaf.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm?)leaf.GetRSAPrivateKey();
        var bytes = key?.ExportPkcs8PrivateKey() ?? throw new CryptographicException("The certificate has no key that TLS can use.");
        fixed (byte* start = bytes)
        {
            var position = start;
            var read = OpenSsl.ReadPrivateKey(0, &position, bytes.Length);
            CryptographicOperations.ZeroMemory(bytes);
            var isUsed = read != 0 && OpenSsl.UsePrivateKey(Context, read) == 1;
            OpenSsl.FreePrivateKey(read);
            ThrowUnless(isUsed);
        }
    }

    // A client that comes back after a renewal or a revocation makes a new handshake and sees the new certificate; one whose session is of
    // another name's certificate too.
    private void BindSessionsTo(X509Certificate2 leaf)
    {
        fixed (byte* thumbprint = SHA256.HashData(leaf.RawDataMemory.Span))
        {
            ThrowUnless(OpenSsl.SetScopeOfSessions(Context, thumbprint, SHA256.HashSizeInBytes) == 1);
        }
    }

    private static void ThrowUnless(bool hasWorked)
    {
        if (!hasWorked)
        {
            throw new CryptographicException($"OpenSSL cannot use the certificate: {OpenSsl.LastFailure()}");
        }
    }
}
