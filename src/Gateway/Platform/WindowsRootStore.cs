using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

/// <summary>The user's own root store of Windows, which Edge, Chrome and curl go by. Windows asks the user to confirm.</summary>
internal sealed class WindowsRootStore : ITrustStore
{
    public string Name => "the user's Trusted Root store (Edge, Chrome, curl)";

    public bool Contains(TrustAnchor anchor)
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.CurrentUser, OpenFlags.ReadOnly);
        return store.Certificates.Contains(anchor.Certificate);
    }

    public TrustOutcome Install(TrustAnchor anchor) =>
        Contains(anchor)
            ? new TrustOutcome(TrustStatus.Unchanged, "already trusted")
            : Change("added", store => store.Add(PublicPart(anchor)));

    public TrustOutcome Remove(TrustAnchor anchor) =>
        Contains(anchor)
            ? Change("removed", store => store.Remove(anchor.Certificate))
            : new TrustOutcome(TrustStatus.Unchanged, "was not there");

    // The authority's key belongs into its own file, never into the store.
    private static X509Certificate2 PublicPart(TrustAnchor anchor) =>
        X509CertificateLoader.LoadCertificate(anchor.Certificate.RawData);

    private static TrustOutcome Change(string done, Action<X509Store> change)
    {
        try
        {
            using var store = new X509Store(StoreName.Root, StoreLocation.CurrentUser, OpenFlags.ReadWrite);
            change(store);
            return new TrustOutcome(TrustStatus.Done, done);
        }
        catch (CryptographicException e)
        {
            return new TrustOutcome(TrustStatus.Failed, e.Message);
        }
    }
}
