using System.Text;

namespace Gateway.Boundary;

/// <summary>
/// Reads a Connection header so that Kestrel keeps the names in it (RFC 9110 section 7.6.1). Where it finds exactly one of
/// <c>close</c>, <c>keep-alive</c> and <c>upgrade</c>, it replaces the whole header by that word, and <see cref="ForwardedHeaders"/>
/// could not know what else was to be removed. With both <c>close</c> and <c>keep-alive</c> it leaves the header, and closes.
/// </summary>
internal sealed class NominatedHeaders : Encoding
{
    private const string Kept = "close, keep-alive, ";

    // The last two never reach a service in any case, and clients send them every day.
    private static readonly string[] NotNominated = ["close", "keep-alive", "upgrade", "te", "http2-settings"];

    private NominatedHeaders()
    {
    }

    public static Encoding Encoding { get; } = new NominatedHeaders();

    public override int GetCharCount(byte[] bytes, int index, int count) => count + (AnyIn(bytes.AsSpan(index, count)) ? Kept.Length : 0);

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var kept = AnyIn(bytes.AsSpan(byteIndex, byteCount)) ? Kept : "";
        kept.CopyTo(chars.AsSpan(charIndex));
        return kept.Length + Latin1.GetChars(bytes, byteIndex, byteCount, chars, charIndex + kept.Length);
    }

    public override int GetMaxCharCount(int byteCount) => byteCount + Kept.Length;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => charCount;

    private static bool AnyIn(ReadOnlySpan<byte> line)
    {
        foreach (var range in line.Split((byte)','))
        {
            var option = line[range].Trim(" \t"u8);
            if (!option.IsEmpty && !IsKnown(option))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsKnown(ReadOnlySpan<byte> option)
    {
        foreach (var known in NotNominated)
        {
            if (Ascii.EqualsIgnoreCase(option, known))
            {
                return true;
            }
        }

        return false;
    }
}
