using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Certificates;

namespace Gateway.Explain;

/// <summary>The request that is asked about, as a client would send it over HTTP/1.1.</summary>
/// <param name="Method">A token (RFC 9110 section 5.6.2).</param>
/// <param name="IsHttps">Whether there is a TLS handshake.</param>
/// <param name="Host">Without port; an IPv6 address without brackets.</param>
/// <param name="Port">Of the URL, or of its scheme.</param>
/// <param name="Target">Path and query as they were typed; nothing is resolved or decoded.</param>
/// <param name="Headers">All of them but Host, in order.</param>
/// <param name="HostHeader">The value of Host.</param>
/// <param name="Client">Where it comes from.</param>
internal sealed record ExplainedRequest(
    string Method, bool IsHttps, string Host, int Port, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, string HostHeader, IPAddress Client)
{
    private const string TokenPunctuation = "!#$%&'*+-.^_`|~";

    private static readonly SearchValues<char> NoHost = SearchValues.Create("@:[]\\ ");

    /// <summary>The scheme that the gateway sees: http or https.</summary>
    public string Scheme => IsHttps ? "https" : "http";

    /// <summary>Reads what was typed.</summary>
    /// <param name="url">With or without scheme; ws and wss add the headers of a WebSocket's handshake.</param>
    /// <param name="method">Null for GET.</param>
    /// <param name="headers">As <c>Name: value</c>.</param>
    /// <param name="client">Address of the client.</param>
    /// <returns>Null with what is wrong.</returns>
    public static ExplainedRequest? Parse(string url, string? method, IReadOnlyList<string> headers, IPAddress client, out string problem)
    {
        problem = "";
        method ??= "GET";
        if (!IsToken(method))
        {
            problem = $"'{method}' is no method.";
            return null;
        }

        if (Split(url) is not var (scheme, authority, target) || HostAndPort(authority, scheme is "https" or "wss") is not var (host, port))
        {
            problem = $"'{url}' is no URL: write it as in https://chat.example.com/api/voices.";
            return null;
        }

        List<KeyValuePair<string, string>> lines = [];
        foreach (var header in headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !IsToken(header[..colon]) || header.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                problem = $"'{header}' is no header: write it as in 'Origin: https://app.example.com'.";
                return null;
            }

            lines.Add(KeyValuePair.Create(header[..colon], header[(colon + 1)..].Trim()));
        }

        if (scheme is "ws" or "wss")
        {
            AddHandshake(lines);
        }

        var named = lines.FirstOrDefault(line => line.Key.Equals("Host", StringComparison.OrdinalIgnoreCase));
        lines.RemoveAll(line => line.Key.Equals("Host", StringComparison.OrdinalIgnoreCase));
        var isHttps = scheme is "https" or "wss";
        return new ExplainedRequest(method, isHttps, host, port, target, lines, named.Value ?? Authority(host, port, isHttps), client);
    }

    /// <summary>The bytes of its head.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Method} {Target} HTTP/1.1\r\nHost: {HostHeader}\r\n");
        foreach (var (name, value) in Headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return Encoding.UTF8.GetBytes(text.Append("\r\n").ToString());
    }

    private static (string Scheme, string Authority, string Target)? Split(string url)
    {
        var end = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = end < 0 ? "https" : url[..end].ToLowerInvariant();
        if (scheme is not ("http" or "https" or "ws" or "wss"))
        {
            return null;
        }

        var rest = (end < 0 ? url : url[(end + 3)..]).Split('#')[0];
        var path = rest.IndexOfAny(['/', '?']);
        var (authority, target) = path < 0 ? (rest, "/") : (rest[..path], rest[path..]);
        return (scheme, authority, Encoded(target[0] == '?' ? "/" + target : target));
    }

    private static (string Host, int Port)? HostAndPort(string authority, bool isSecure)
    {
        var port = isSecure ? 443 : 80;
        var bracket = authority.LastIndexOf(']');
        var colon = authority.LastIndexOf(':');
        if (colon > bracket)
        {
            if (!int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)
            {
                return null;
            }

            authority = authority[..colon];
        }

        if (bracket >= 0)
        {
            return authority[0] == '[' && IPAddress.TryParse(authority.Trim('[', ']'), out var address) ? (address.ToString(), port) : null;
        }

        return authority.AsSpan().ContainsAny(NoHost) || ServerName.Normalize(authority) is not { } host ? null : (host, port);
    }

    private static string Authority(string host, int port, bool isHttps)
    {
        var name = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return port == (isHttps ? 443 : 80) ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{port}");
    }

    // What no client sends as it is typed; everything else is left alone.
    private static string Encoded(string target)
    {
        var text = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(target))
        {
            _ = octet is > 0x20 and < 0x7f ? text.Append((char)octet) : text.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        return text.ToString();
    }

    private static void AddHandshake(List<KeyValuePair<string, string>> lines)
    {
        foreach (var (name, value) in new[] { ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") })
        {
            if (!lines.Any(line => line.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                lines.Add(KeyValuePair.Create(name, value));
            }
        }
    }

    private static bool IsToken(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || TokenPunctuation.Contains(c, StringComparison.Ordinal));
}
