using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Gateway.Hosting;

/// <summary>Writes JSON into a buffer that is large enough: <see cref="MostBytes"/> for each text.</summary>
/// <param name="buffer">Where it is written.</param>
internal ref struct JsonText(Span<byte> buffer)
{
    // \u0000
    private const int LongestEscape = 6;

    // What stands in a string as it is, and is one byte.
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Except(['"', '\\'])]);

    private readonly Span<byte> _buffer = buffer;
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>Bytes that so many characters take at most.</summary>
    public static int MostBytes(int characters) => LongestEscape * characters;

    /// <summary>Names and punctuation.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(_buffer[_length..]);
        _length += json.Length;
    }

    /// <summary>The inside of a string.</summary>
    /// <returns>Where it stands, for <see cref="Again"/>.</returns>
    public Range Text(string text)
    {
        var start = _length;
        _length += text.AsSpan().ContainsAnyExcept(Plain)
            ? Encoding.UTF8.GetBytes(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text), _buffer[_length..])
            : Encoding.ASCII.GetBytes(text, _buffer[_length..]);
        return start.._length;
    }

    public Range Number(long number)
    {
        var start = _length;
        Utf8Formatter.TryFormat(number, _buffer[_length..], out var written);
        _length += written;
        return start.._length;
    }

    /// <summary>To a tenth: 2.6.</summary>
    public Range Milliseconds(TimeSpan duration)
    {
        var tenths = (duration.Ticks + (TimeSpan.TicksPerMillisecond / 20)) / (TimeSpan.TicksPerMillisecond / 10);
        var start = Number(tenths / 10).Start;
        if (tenths % 10 is var tenth and not 0)
        {
            _buffer[_length++] = (byte)'.';
            _buffer[_length++] = (byte)('0' + tenth);
        }

        return start.._length;
    }

    /// <summary>2026-11-29T18:15:44.8586983Z.</summary>
    public void Time(DateTimeOffset time)
    {
        time.UtcDateTime.TryFormat(_buffer[_length..], out var written, "O", CultureInfo.InvariantCulture);
        _length += written;
    }

    /// <summary>What was written before.</summary>
    public void Again(Range range) => Raw(_buffer[range]);
}
