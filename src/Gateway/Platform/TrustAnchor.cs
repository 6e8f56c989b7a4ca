using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

/// <summary>A root certificate to be trusted, and the file that it lies in.</summary>
internal sealed record TrustAnchor(X509Certificate2 Certificate, string Path)
{
    /// <summary>Names the root in stores that want a name. The thumbprint tells it from an earlier root of the same machine.</summary>
    public string Label => $"{Certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)} {ShortThumbprint}";

    /// <summary>Without extension.</summary>
    public string FileName => $"gateway-local-ca-{ShortThumbprint}";

    private string ShortThumbprint => Certificate.Thumbprint[..8].ToLowerInvariant();

    /// <summary>Whether the programs that go by the system's trust store trust this root. The runtime looks at a changed
    /// store again only after some time, so this answers for the state at the start of the process.</summary>
    public bool IsTrustedBySystem()
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(Certificate);
    }
}
