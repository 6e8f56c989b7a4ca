using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Configuration;

namespace Gateway.Observability;

/// <summary>Writes records as lines: Apache's and nginx's combined format, or JSON.</summary>
internal static class AccessLine
{
    private static readonly SearchValues<char> Safe = SearchValues.Create([.. Enumerable.Range(0x20, 0x5f).Select(c => (char)c).Except(['"', '\\'])]);
    private static readonly SearchValues<char> SafeInWord = SearchValues.Create([.. Enumerable.Range(0x21, 0x5e).Select(c => (char)c).Except(['"', '\\', '[', ']'])]);
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static (long Second, TimeSpan Offset, string? Text) _second;

    public static void Write(in AccessRecord record, AccessLogFormat format, ArrayBufferWriter<byte> line)
    {
        if (format == AccessLogFormat.Json)
        {
            WriteJson(record, line);
        }
        else
        {
            WriteCombined(record, line);
        }

        line.Write("\n"u8);
    }

    private static void WriteJson(in AccessRecord record, ArrayBufferWriter<byte> line)
    {
        using var json = new Utf8JsonWriter(line, Options);
        json.WriteStartObject();
        json.WriteString("time"u8, record.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        json.WriteString("client"u8, record.Client);
        json.WriteString("user"u8, record.User);
        json.WriteString("method"u8, record.Method);
        json.WriteString("host"u8, record.Host);
        json.WriteString("path"u8, record.Path);
        json.WriteString("protocol"u8, record.Protocol);
        json.WriteNumber("status"u8, record.Status);
        json.WriteNumber("bytes"u8, record.Bytes);
        json.WriteNumber("seconds"u8, Math.Round(record.Duration.TotalSeconds, 6));
        json.WriteString("referrer"u8, record.Referrer);
        json.WriteString("user_agent"u8, record.UserAgent);
        json.WriteString("route"u8, record.Route);
        json.WriteString("destination"u8, record.Destination);
        json.WriteString("request_id"u8, record.RequestId);
        json.WriteEndObject();
    }

    private static void WriteCombined(in AccessRecord record, ArrayBufferWriter<byte> line)
    {
        Escape(record.Client, line);
        line.Write(" - "u8);
        EscapeWord(record.User, line);
        line.Write(" ["u8);
        Ascii(Second(record.Time), line);
        line.Write("] \""u8);
        Escape(record.Method, line);
        line.Write(" "u8);
        Escape(record.Path, line);
        line.Write(" "u8);
        Escape(record.Protocol, line);
        Ascii(string.Create(CultureInfo.InvariantCulture, $"\" {record.Status} {record.Bytes} \""), line);
        Escape(record.Referrer, line);
        line.Write("\" \""u8);
        Escape(record.UserAgent, line);
        line.Write("\""u8);
    }

    // Some thousand lines have the same.
    private static string Second(DateTimeOffset time)
    {
        var second = time.Ticks / TimeSpan.TicksPerSecond;
        var (known, offset, text) = _second;
        if (text is null || known != second || offset != time.Offset)
        {
            text = string.Create(CultureInfo.InvariantCulture, $"{time:dd/MMM/yyyy:HH:mm:ss} {Offset(time)}");
            _second = (second, time.Offset, text);
        }

        return text;
    }

    private static string Offset(DateTimeOffset time)
    {
        var offset = time.Offset;
        return string.Create(CultureInfo.InvariantCulture, $"{(offset < TimeSpan.Zero ? '-' : '+')}{offset:hhmm}");
    }

    // As nginx does: what could end a field or a line is \xXX, and so are all bytes beyond ASCII. Nobody forges a line.
    private static void Escape(string? text, ArrayBufferWriter<byte> line) => Escape(text, line, Safe);

    // Outside of quotation marks.
    private static void EscapeWord(string? text, ArrayBufferWriter<byte> line) => Escape(text, line, SafeInWord);

    private static void Escape(string? text, ArrayBufferWriter<byte> line, SearchValues<char> safe)
    {
        if (string.IsNullOrEmpty(text))
        {
            line.Write("-"u8);
            return;
        }

        if (!text.AsSpan().ContainsAnyExcept(safe))
        {
            Ascii(text, line);
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        foreach (var c in text.EnumerateRunes())
        {
            // The server reads headers as Latin-1: such a character is a byte that the client has sent.
            var octets = c.Value <= 0xff ? Single(utf8, (byte)c.Value) : utf8[..c.EncodeToUtf8(utf8)];
            foreach (var octet in octets)
            {
                var span = line.GetSpan(4);
                if (safe.Contains((char)octet))
                {
                    span[0] = octet;
                    line.Advance(1);
                }
                else
                {
                    (span[0], span[1], span[2], span[3]) = ((byte)'\\', (byte)'x', Digit(octet >> 4), Digit(octet & 0xf));
                    line.Advance(4);
                }
            }
        }
    }

    private static Span<byte> Single(Span<byte> buffer, byte value)
    {
        buffer[0] = value;
        return buffer[..1];
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);

    private static void Ascii(string text, ArrayBufferWriter<byte> line) => line.Advance(Encoding.ASCII.GetBytes(text, line.GetSpan(text.Length)));
}
