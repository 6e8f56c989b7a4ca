using System.Net;

namespace Gateway.EndToEnd.Acme;

/// <summary>
/// Has every order placed before the first authorization is read. pebble 2.4 stops for ever when both happen at once: who reads an authorization
/// locks it and asks the store for the account, who places an order locks the store and looks through the authorizations, and when a third one
/// waits to write to the store, neither gets on.
/// </summary>
internal sealed class OrdersFirst(int count, HttpMessageHandler pebble) : DelegatingHandler(pebble)
{
    private readonly TaskCompletionSource _placed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _orders;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path.StartsWith("/authZ/", StringComparison.Ordinal))
        {
            await _placed.Task.WaitAsync(cancellationToken);
        }

        var answer = await base.SendAsync(request, cancellationToken);
        if (path == "/order-plz" && answer.StatusCode == HttpStatusCode.Created && Interlocked.Increment(ref _orders) == count)
        {
            _placed.SetResult();
        }

        return answer;
    }
}
