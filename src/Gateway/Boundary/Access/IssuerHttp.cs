using Gateway.Platform;

namespace Gateway.Boundary.Access;

/// <summary>How an issuer's keys are fetched.</summary>
internal static class IssuerHttp
{
    private const int LargestKeySet = 256 * 1024;

    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        // The keys come from where the operator said, or not at all.
        AllowAutoRedirect = false,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        UseCookies = false,
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = LargestKeySet,
    };
}
