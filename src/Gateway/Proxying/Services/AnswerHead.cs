using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Proxying.Services;

/// <summary>A service's status line and headers (RFC 9112 sections 4 and 5), and what they say of the body and of the connection. One after the other
/// for all answers of a connection: they differ in little, and what is the same in two of them is the same string.</summary>
internal sealed class AnswerHead
{
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names = FrozenSet.ToFrozenSet(
    [
        "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
        "Age", "Cache-Control", "Connection", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "Date", "ETag",
        "Expires", "Keep-Alive", "Last-Modified", "Link", "Location", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Server", "Set-Cookie",
        "Transfer-Encoding", "Upgrade", "Vary", "X-Powered-By", "access-control-allow-origin", "cache-control", "connection", "content-length", "content-type",
        "date", "etag", "last-modified", "location", "server", "set-cookie", "transfer-encoding", "vary",
    ], StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    // RFC 9110 section 5.6.2.
    private static readonly SearchValues<byte> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // Those behind the count are of former answers.
    private readonly List<(string Name, string Value)> _headers = [];
    private int _count;
    private bool _isHttp10;
    private bool _isClosing;
    private bool _isKept;

    /// <summary>100 to 999.</summary>
    public int Status { get; private set; }

    /// <summary>Null where it is the status's usual one.</summary>
    public string? ReasonPhrase { get; private set; }

    /// <summary>In their order, repeated ones too, but for a Content-Length that says the same again.</summary>
    public ReadOnlySpan<(string Name, string Value)> Headers => CollectionsMarshal.AsSpan(_headers)[.._count];

    /// <summary>Content-Length in bytes; null where there is none.</summary>
    public long? Length { get; private set; }

    /// <summary>The body comes in chunks, which comes before what Content-Length says.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Whether there is a Transfer-Encoding at all.</summary>
    public bool IsEncoded { get; private set; }

    /// <summary>How long the service waits for another request, as it says itself (<c>Keep-Alive: timeout</c> in seconds, RFC 2068 section 19.7.1); null
    /// where it does not say.</summary>
    public TimeSpan? Patience { get; private set; }

    /// <summary>Another request may follow.</summary>
    public bool KeepsAlive => !_isClosing && (!_isHttp10 || _isKept);

    /// <summary>How many bytes the head has, its empty line included; 0 while that has not come.</summary>
    /// <param name="bytes">From the head's begin.</param>
    /// <param name="seen">How many of them a former call has looked at.</param>
    public static int LengthIn(ReadOnlySpan<byte> bytes, int seen)
    {
        // The empty line may stand across what was seen and what is new.
        var at = Math.Max(0, seen - 3);
        while (bytes[at..].IndexOf((byte)'\n') is var found and >= 0)
        {
            at += found + 1;
            if (bytes[at..] is [(byte)'\n', ..])
            {
                return at + 1;
            }

            if (bytes[at..] is [(byte)'\r', (byte)'\n', ..])
            {
                return at + 2;
            }
        }

        return 0;
    }

    /// <param name="bytes">As many as have come.</param>
    /// <exception cref="HttpRequestException">Another protocol speaks: nobody needs to wait for more of it.</exception>
    public static void ThrowIfOther(ReadOnlySpan<byte> bytes)
    {
        var begin = "HTTP/1."u8;
        if (!bytes.StartsWith(begin[..Math.Min(begin.Length, bytes.Length)]))
        {
            throw Invalid("does not begin with HTTP/1.1 and a status");
        }
    }

    /// <summary>Reads another one.</summary>
    /// <param name="head">Whole, with its empty line.</param>
    /// <exception cref="HttpRequestException">It is not HTTP/1.</exception>
    public void Read(ReadOnlySpan<byte> head)
    {
        (Length, IsChunked, IsEncoded, Patience) = (null, false, false, null);
        (_count, _isClosing, _isKept) = (0, false, false);
        ReadStatus(NextLine(ref head));
        while (NextLine(ref head) is { Length: > 0 } line)
        {
            if (line[0] is (byte)' ' or (byte)'\t')
            {
                Continue(line);
            }
            else
            {
                Add(line);
            }
        }

        for (var i = 0; i < _count; i++)
        {
            if (!Note(_headers[i].Name, _headers[i].Value))
            {
                _headers.RemoveAt(i--);
                _count--;
            }
        }
    }

    /// <summary>The same for YARP.</summary>
    /// <param name="content">Takes the headers that speak of the body.</param>
    public HttpResponseMessage ToMessage(HttpContent content)
    {
        var message = new HttpResponseMessage((HttpStatusCode)Status)
        {
            Version = _isHttp10 ? HttpVersion.Version10 : HttpVersion.Version11,
            ReasonPhrase = ReasonPhrase ?? ReasonPhrases.GetReasonPhrase(Status),
            Content = content,
        };
        foreach (var (name, value) in Headers)
        {
            _ = message.Headers.TryAddWithoutValidation(name, value) || content.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    /// <summary>The name and value of a line in a chunked body's trailer section; null where it is none.</summary>
    public static (string Name, string Value)? Trailer(ReadOnlySpan<byte> line) =>
        line.IndexOf((byte)':') is var colon and > 0 ? (Name(line[..colon].TrimEnd(" \t"u8)), Text(line[(colon + 1)..])) : null;

    private void ReadStatus(ReadOnlySpan<byte> line)
    {
        // HTTP/1.1 200 OK
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !char.IsAsciiDigit((char)line[7]) || line[8] != ' '
            || !int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status < 100 || (line.Length > 12 && line[12] != ' '))
        {
            throw Invalid("does not begin with HTTP/1.1 and a status");
        }

        var reason = line.Length > 13 ? line[13..] : [];
        if (reason.ContainsAny((byte)'\r', (byte)0))
        {
            throw Invalid("has a status line that is more than one line");
        }

        (Status, _isHttp10) = (status, line[7] == '0');
        ReasonPhrase = Ascii.Equals(reason, ReasonPhrases.GetReasonPhrase(status)) ? null : Encoding.Latin1.GetString(reason);
    }

    private void Add(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        var name = colon > 0 ? line[..colon].TrimEnd(" \t"u8) : throw Invalid("has a header without a name");
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (_count == _headers.Count)
        {
            _headers.Add((CheckedName(name), Text(value)));
        }
        else
        {
            var former = _headers[_count];
            _headers[_count] = (Ascii.Equals(name, former.Name) ? former.Name : CheckedName(name), Ascii.Equals(value, former.Value) ? former.Value : Text(value));
        }

        _count++;
    }

    // An old way of breaking lines, which a proxy takes out (RFC 9112 section 5.2).
    private void Continue(ReadOnlySpan<byte> line)
    {
        if (_count == 0)
        {
            throw Invalid("begins its headers with a blank");
        }

        var (name, value) = _headers[_count - 1];
        _headers[_count - 1] = (name, $"{value} {Text(line)}");
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return line is [.. var withoutReturn, (byte)'\r'] ? withoutReturn : line;
    }

    /// <returns>Whether it is to be passed on.</returns>
    private bool Note(string name, string value)
    {
        switch (name.Length)
        {
            case 10 when name.Equals("Connection", StringComparison.OrdinalIgnoreCase):
                _isClosing |= Lists(value, "close");
                _isKept |= Lists(value, "keep-alive");
                break;
            case 10 when name.Equals("Keep-Alive", StringComparison.OrdinalIgnoreCase):
                NotePatience(value);
                break;
            case 14 when name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase):
                var isRepeated = Length is not null;
                NoteLength(value);
                return !isRepeated;
            case 17 when name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase):
                IsEncoded = true;
                IsChunked = value.EndsWith("chunked", StringComparison.OrdinalIgnoreCase);
                break;
            default:
                break;
        }

        return true;
    }

    private void NoteLength(string value)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || (Length is { } before && before != length))
        {
            throw Invalid("has a Content-Length that is no number, or two of them");
        }

        Length = length;
    }

    private void NotePatience(ReadOnlySpan<char> value)
    {
        foreach (var part in value.Split(','))
        {
            var parameter = value[part].Trim();
            if (parameter.StartsWith("timeout=", StringComparison.OrdinalIgnoreCase)
                && uint.TryParse(parameter["timeout=".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                Patience = TimeSpan.FromSeconds(seconds);
            }
        }
    }

    private static bool Lists(string value, string token)
    {
        foreach (var part in value.AsSpan().Split(','))
        {
            if (value.AsSpan()[part].Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string CheckedName(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || bytes.ContainsAnyExcept(TokenCharacters) ? throw Invalid("has a header whose name is none") : Name(bytes);

    private static string Name(ReadOnlySpan<byte> bytes)
    {
        Span<char> name = stackalloc char[64];
        if (bytes.Length > name.Length)
        {
            return Encoding.Latin1.GetString(bytes);
        }

        name = name[..Encoding.Latin1.GetChars(bytes, name)];
        return Names.TryGetValue(name, out var known) ? known : name.ToString();
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes.Trim(" \t"u8));

    public static HttpRequestException Invalid(string what) => new(HttpRequestError.InvalidResponse, $"The service's answer {what}.");
}
