using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Gateway.Proxying.Services;

/// <summary>A request's line and headers as bytes (RFC 9112 sections 3 and 5). Headers are Latin-1: every byte goes through as it came.</summary>
internal ref struct RequestHead
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create('\r', '\n', '\0');

    private byte[] _bytes;
    private int _length;

    // An array that a failure leaves behind is the collector's.
    private RequestHead(string method, string target)
    {
        _bytes = ArrayPool<byte>.Shared.Rent(2048);
        Add(method);
        Add(" "u8);
        Add(target);
        Add(" HTTP/1.1\r\n"u8);
    }

    /// <param name="request">With a target that is sent as it is.</param>
    /// <param name="isChunked">Whether the request has a body whose length it does not say.</param>
    /// <returns>From the shared pool, and how much of it is used.</returns>
    /// <exception cref="HttpRequestException">A header of a transform would be more than one line.</exception>
    public static ArraySegment<byte> Write(HttpRequestMessage request, out bool isChunked)
    {
        var head = new RequestHead(request.Method.Method, request.RequestUri!.PathAndQuery);
        if (!request.Headers.NonValidated.Contains("Host"))
        {
            head.Add("Host", HostOf(request.RequestUri));
        }

        foreach (var (name, values) in request.Headers.NonValidated)
        {
            head.Add(name, values.ToString());
        }

        isChunked = false;
        if (request.Content is not { } content)
        {
            return head.EndWithoutBody(request.Method.Method, hasLength: false);
        }

        var hasLength = false;
        foreach (var (name, values) in content.Headers.NonValidated)
        {
            hasLength |= name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);
            head.Add(name, values.ToString());
        }

        isChunked = !hasLength;
        if (isChunked)
        {
            head.Add("Transfer-Encoding: chunked\r\n"u8);
        }

        return head.End();
    }

    /// <summary>The head of a request without a body, as the client has sent it, but for what concerns the connection.</summary>
    /// <param name="request">Its headers are those for the service.</param>
    /// <param name="target">At the service.</param>
    /// <param name="host">For a client that names none.</param>
    /// <returns>From the shared pool, and how much of it is used.</returns>
    /// <exception cref="HttpRequestException">A header would be more than one line.</exception>
    public static ArraySegment<byte> Write(HttpRequest request, string target, string host)
    {
        var head = new RequestHead(request.Method, target);
        var headers = request.Headers;
        head.Add("Host", headers.Host is [{ Length: > 0 } named, ..] ? named : host);
        var (hasLength, namesClient) = (false, false);
        foreach (var (name, values) in headers)
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!HopByHop.Contains(name))
            {
                head.Add(name, values is [{ } only] ? only : string.Join(Separator(name), values.AsEnumerable()));
                hasLength |= name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);
                namesClient |= name.Equals(ClientHeaders.ForwardedProto, StringComparison.OrdinalIgnoreCase);
            }
            else if (TakesTrailers(request, name, values))
            {
                head.Add("TE: trailers\r\n"u8);
            }
        }

        if (!namesClient)
        {
            head.AddClient(request);
        }

        return head.EndWithoutBody(request.Method, hasLength);
    }

    private void AddClient(HttpRequest request)
    {
        if (ClientHeaders.ClientOf(request.HttpContext) is { } client)
        {
            Add("X-Real-IP: "u8, client);
            Add("X-Forwarded-For: "u8, client);
        }

        Add("X-Forwarded-Proto: "u8, request.Scheme);
        if (request.Headers.Host is [{ Length: > 0 } host, ..])
        {
            Add("X-Forwarded-Host: "u8, host);
        }
    }

    private ArraySegment<byte> EndWithoutBody(string method, bool hasLength)
    {
        if (!hasLength && !BodyIsUnusual(method))
        {
            Add("Content-Length: 0\r\n"u8);
        }

        return End();
    }

    private ArraySegment<byte> End()
    {
        Add("\r\n"u8);
        return new ArraySegment<byte>(_bytes, 0, _length);
    }

    // What a client of HTTP/2 splits is one header in HTTP/1.1 (RFC 9113 section 8.2.3).
    private static string Separator(string name) => name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "; " : ", ";

    // In HTTP/2 it speaks of the whole way, not of the connection (RFC 9113 section 8.2.2).
    private static bool TakesTrailers(HttpRequest request, string name, StringValues values) =>
        name.Equals("TE", StringComparison.OrdinalIgnoreCase) && !HttpProtocol.IsHttp11(request.Protocol) && !HttpProtocol.IsHttp10(request.Protocol)
        && values.ToString().Split(',', StringSplitOptions.TrimEntries).Contains("trailers", StringComparer.OrdinalIgnoreCase);

    // With the others a service may wait for a body until it hears that there is none (RFC 9110 section 8.6).
    private static bool BodyIsUnusual(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsDelete(method) || HttpMethods.IsConnect(method);

    /// <summary>For a client that names no host.</summary>
    public static string HostOf(Uri service)
    {
        var host = service.HostNameType == UriHostNameType.IPv6 ? $"[{service.IdnHost}]" : service.IdnHost;
        return service.IsDefaultPort ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{service.Port}");
    }

    private void Add(string name, string value)
    {
        if (value.AsSpan().ContainsAny(LineBreaks))
        {
            throw new HttpRequestException($"The header {name} for the service has a line break or a NUL in its value: look at the route's transforms.");
        }

        var line = Room(name.Length + value.Length + 4);
        Encoding.Latin1.GetBytes(name, line);
        line[name.Length] = (byte)':';
        line[name.Length + 1] = (byte)' ';
        Encoding.Latin1.GetBytes(value, line[(name.Length + 2)..]);
        line[^2] = (byte)'\r';
        line[^1] = (byte)'\n';
    }

    // A value that has no line breaks.
    private void Add(ReadOnlySpan<byte> name, string value)
    {
        var line = Room(name.Length + value.Length + 2);
        name.CopyTo(line);
        Encoding.Latin1.GetBytes(value, line[name.Length..]);
        line[^2] = (byte)'\r';
        line[^1] = (byte)'\n';
    }

    private void Add(string text) => Encoding.Latin1.GetBytes(text, Room(text.Length));

    private void Add(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    private Span<byte> Room(int length)
    {
        if (_bytes.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _length + length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        var room = _bytes.AsSpan(_length, length);
        _length += length;
        return room;
    }
}
