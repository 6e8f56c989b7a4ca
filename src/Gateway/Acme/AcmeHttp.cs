using System.Security.Cryptography.X509Certificates;
using Gateway.Platform;

namespace Gateway.Acme;

/// <summary>Makes the HTTP client that a CA is spoken to with.</summary>
internal static class AcmeHttp
{
    /// <param name="trustedRoots">Roots of a private CA's own endpoint, trusted instead of the system's; null for the system's.</param>
    public static HttpClient CreateClient(X509Certificate2Collection? trustedRoots = null) =>
        // Each request has its own time limit, counted by the TimeProvider.
        new(CreateHandler(trustedRoots)) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>What the client is made of, for whoever puts something in front of it.</summary>
    public static SocketsHttpHandler CreateHandler(X509Certificate2Collection? trustedRoots)
    {
        var handler = new SocketsHttpHandler
        {
            // A signed request is bound to its URL (RFC 8555 section 6.4) and cannot be sent to another.
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        };
        if (trustedRoots is { Count: > 0 })
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(trustedRoots);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}
