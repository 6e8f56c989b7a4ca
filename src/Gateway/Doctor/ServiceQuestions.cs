using System.Net;
using System.Net.Sockets;
using Gateway.Observability;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Doctor;

/// <summary>Asks every destination by itself, past the gateway: a connection, then one ordinary request.</summary>
internal static class ServiceQuestions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static async Task<IReadOnlyList<ServiceAnswer>> AskAsync(Examination examination, CancellationToken cancellationToken) =>
        await Task.WhenAll(examination.Configuration.Clusters
            .SelectMany(cluster => (cluster.Destinations?.Values ?? []).Select(destination => (cluster, destination.Address)))
            .DistinctBy(pair => (pair.cluster.ClusterId, pair.Address))
            .Select(pair => AskAsync(examination, pair.cluster, pair.Address, cancellationToken)));

    /// <summary>A client for one destination that trusts what YARP would trust there.</summary>
    public static HttpMessageInvoker CreateClient(ClusterConfig cluster)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = Patience,
        };
        if (cluster.HttpClient?.DangerousAcceptAnyServerCertificate == true)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null;
        }

        return new HttpMessageInvoker(handler);
    }

    private static async Task<ServiceAnswer> AskAsync(Examination examination, ClusterConfig cluster, string address, CancellationToken cancellationToken)
    {
        if (!await ServiceProbe.IsUpAsync(address, cancellationToken))
        {
            return new ServiceAnswer(cluster.ClusterId, address, IsUp: false) { Failure = await IsUnknownAsync(examination, new Uri(address).DnsSafeHost, cancellationToken) ? "DNS does not know its name" : null };
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        using var client = CreateClient(cluster);
        // Where it says how it is, else at its root; for the name that the gateway's clients use.
        var target = new Uri(new Uri(address.TrimEnd('/') + "/"), (cluster.HealthCheck?.Active?.Path ?? "").TrimStart('/'));
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        request.Headers.TryAddWithoutValidation("User-Agent", "gateway-doctor");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
        request.Headers.Host = PublicNames.Of(examination)[0];
        try
        {
            using var response = await client.SendAsync(request, limited.Token);
            return new ServiceAnswer(cluster.ClusterId, address, IsUp: true)
            {
                Status = (int)response.StatusCode,
                Time = response.Headers.Date is { } date ? (date, examination.Clock.GetUtcNow()) : null,
            };
        }
        catch (HttpRequestException e)
        {
            return new ServiceAnswer(cluster.ClusterId, address, IsUp: true) { Failure = e.InnerException is null ? e.Message : $"{e.Message} ({e.InnerException.Message})" };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ServiceAnswer(cluster.ClusterId, address, IsUp: true) { Failure = $"no answer within {Patience.TotalSeconds:0} s" };
        }
    }

    private static async Task<bool> IsUnknownAsync(Examination examination, string host, CancellationToken cancellationToken)
    {
        try
        {
            // The system's resolver cannot be cancelled.
            return !IPAddress.TryParse(host, out _) && (await examination.Resolve(host, cancellationToken).WaitAsync(Patience, cancellationToken)).Length == 0;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
