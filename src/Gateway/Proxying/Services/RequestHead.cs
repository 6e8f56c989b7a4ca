using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Proxying.Services;

/// <summary>A request's line and headers as bytes (RFC 9112 sections 3 and 5). Headers are Latin-1: every byte goes through as it came.</summary>
internal ref struct RequestHead
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create('\r', '\n', '\0');

    private byte[] _bytes;
    private int _length;

    private RequestHead(byte[] bytes) => _bytes = bytes;

    /// <param name="request">With a target that is sent as it is.</param>
    /// <param name="isChunked">Whether the request has a body whose length it does not say.</param>
    /// <returns>From the shared pool, and how much of it is used.</returns>
    /// <exception cref="HttpRequestException">A header of a transform would be more than one line.</exception>
    public static ArraySegment<byte> Write(HttpRequestMessage request, out bool isChunked)
    {
        var head = new RequestHead(ArrayPool<byte>.Shared.Rent(2048));
        try
        {
            head.Add(request.Method.Method);
            head.Add(" "u8);
            head.Add(request.RequestUri!.PathAndQuery);
            head.Add(" HTTP/1.1\r\n"u8);
            if (!request.Headers.NonValidated.Contains("Host"))
            {
                head.Add("Host", request.RequestUri.IsDefaultPort ? request.RequestUri.IdnHost : HostAndPort(request.RequestUri));
            }

            foreach (var (name, values) in request.Headers.NonValidated)
            {
                head.Add(name, values.ToString());
            }

            isChunked = false;
            if (request.Content is { } content)
            {
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
            }
            else if (!BodyIsUnusual(request.Method))
            {
                head.Add("Content-Length: 0\r\n"u8);
            }

            head.Add("\r\n"u8);
            return new ArraySegment<byte>(head._bytes, 0, head._length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(head._bytes);
            throw;
        }
    }

    // With the others a service may wait for a body until it hears that there is none (RFC 9110 section 8.6).
    private static bool BodyIsUnusual(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options || method == HttpMethod.Delete || method == HttpMethod.Connect;

    private static string HostAndPort(Uri uri) =>
        string.Create(CultureInfo.InvariantCulture, $"{(uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost)}:{uri.Port}");

    private void Add(string name, string value)
    {
        if (value.AsSpan().ContainsAny(LineBreaks))
        {
            throw new HttpRequestException($"The header {name} for the service has a line break or a NUL in its value: look at the route's transforms.");
        }

        Add(name);
        Add(": "u8);
        Add(value);
        Add("\r\n"u8);
    }

    private void Add(string text)
    {
        MakeRoom(text.Length);
        _length += Encoding.Latin1.GetBytes(text, _bytes.AsSpan(_length));
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        MakeRoom(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void MakeRoom(int more)
    {
        if (_bytes.Length - _length < more)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _length + more));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
    }
}
