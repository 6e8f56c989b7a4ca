using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Explain;

/// <summary>Stands in for every service: remembers what it was sent, and answers 200, or 101 to a WebSocket.</summary>
internal sealed class RecordingService : IForwarderHttpClientFactory
{
    /// <summary>A header that services send, to see what becomes of it.</summary>
    public const string ServerHeader = "service";

    /// <summary>What would have been sent; null when nothing would.</summary>
    public ServiceRequest? Received { get; private set; }

    public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => new(new Recorder(this));

    private sealed class Recorder(RecordingService service) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            service.Received = ServiceRequest.Of(request);
            return Task.FromResult(request.Headers.Upgrade.Count > 0 && request.Version == HttpVersion.Version11 ? Switched(request) : Answer(request));
        }
    }

    private static HttpResponseMessage Answer(HttpRequestMessage request)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Version = request.Version, Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentLength = 0;
        response.Headers.TryAddWithoutValidation("Server", ServerHeader);
        return response;
    }

    private static HttpResponseMessage Switched(HttpRequestMessage request)
    {
        var response = new HttpResponseMessage(HttpStatusCode.SwitchingProtocols) { RequestMessage = request, Version = HttpVersion.Version11, Content = new SilentConnection() };
        response.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        response.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        response.Headers.TryAddWithoutValidation("Server", ServerHeader);
        // RFC 6455 section 4.2.2.
        var key = request.Headers.NonValidated.TryGetValues("Sec-WebSocket-Key", out var keys) ? keys.ToString() : "";
#pragma warning disable CA5350 // The handshake of WebSockets is what it is.
        response.Headers.TryAddWithoutValidation(
            "Sec-WebSocket-Accept", Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))));
#pragma warning restore CA5350
        return response;
    }

    /// <summary>A connection on which the service says nothing and hangs up.</summary>
    private sealed class SilentConnection : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new MemoryStream());

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

/// <summary>A request as a service receives it.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Version">Of HTTP.</param>
/// <param name="Headers">One for each name.</param>
internal sealed record ServiceRequest(string Method, string Target, Version Version, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>With what SocketsHttpHandler writes by itself: Host, and how long the body is.</summary>
    public static ServiceRequest Of(HttpRequestMessage request)
    {
        List<KeyValuePair<string, string>> headers = [KeyValuePair.Create("Host", request.Headers.NonValidated.TryGetValues("Host", out var hosts) ? hosts.ToString() : request.RequestUri!.Authority)];
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase))
            {
                headers.Add(KeyValuePair.Create(name, values.ToString()));
            }
        }

        foreach (var (name, values) in request.Content?.Headers.NonValidated ?? default)
        {
            headers.Add(KeyValuePair.Create(name, values.ToString()));
        }

        if (request.Content is not null && !Has(headers, "Content-Length") && !Has(headers, "Transfer-Encoding"))
        {
            headers.Add(KeyValuePair.Create("Transfer-Encoding", "chunked"));
        }
        else if (request.Content is null && request.Method.Method is not ("GET" or "HEAD" or "CONNECT" or "OPTIONS" or "DELETE"))
        {
            headers.Add(KeyValuePair.Create("Content-Length", 0.ToString(CultureInfo.InvariantCulture)));
        }

        return new ServiceRequest(request.Method.Method, request.RequestUri!.PathAndQuery, request.Version, headers);
    }

    private static bool Has(List<KeyValuePair<string, string>> headers, string name) => headers.Any(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
}
