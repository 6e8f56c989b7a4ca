using System.Text;

namespace Gateway.Boundary;

/// <summary>
/// Reads a Content-Length so that it is digits or nothing (RFC 9110 section 8.6). Kestrel parses what this decodes as .NET parses
/// numbers, and takes <c>+5</c>, <c>-0</c>, and 5 with a form feed or NUL beside it, which others read as 0 or refuse.
/// </summary>
internal sealed class DigitsOnly : Encoding
{
    private const char Nothing = '?';

    private DigitsOnly()
    {
    }

    public static Encoding Encoding { get; } = new DigitsOnly();

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        // Kestrel has room for the digits of a long, and would break the connection off without an answer.
        if (bytes.Length > chars.Length)
        {
            chars[0] = Nothing;
            return 1;
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            chars[i] = char.IsAsciiDigit((char)bytes[i]) ? (char)bytes[i] : Nothing;
        }

        return bytes.Length;
    }

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetMaxCharCount(int byteCount) => byteCount;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => charCount;
}
