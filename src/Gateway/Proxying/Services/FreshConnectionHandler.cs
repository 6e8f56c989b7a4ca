namespace Gateway.Proxying.Services;

/// <summary>Sends a request over a connection from the pool, or over one that is made for it.</summary>
internal sealed class FreshConnectionHandler(HttpMessageHandler pooled, HttpMessageHandler single) : DelegatingHandler(pooled)
{
    private static readonly HttpRequestOptionsKey<bool> Key = new("Gateway.FreshConnection");

    private readonly HttpMessageInvoker _single = new(single, disposeHandler: true);

    /// <summary>Has this request sent over a connection of its own.</summary>
    public static void Require(HttpRequestMessage request) => request.Options.Set(Key, true);

    public static bool IsRequired(HttpRequestMessage request) => request.Options.TryGetValue(Key, out _);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        IsRequired(request) ? _single.SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _single.Dispose();
        }

        base.Dispose(disposing);
    }
}
