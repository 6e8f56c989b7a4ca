using System.Buffers.Text;

namespace Bench.Content;

/// <summary>A message of a call as the video service takes it, with its number, so that what is lost, doubled or out of order shows.</summary>
internal static class CallMessage
{
    /// <summary>Bytes of a frame's message: 1280x720 at quality 0.7.</summary>
    public const int VideoLength = 150_000;

    /// <summary>Bytes of an audio message: 4096 samples of 16 bits in base64.</summary>
    public const int AudioLength = 11_000;

    private static readonly byte[] Video = "{\"type\":\"video\",\"n\":"u8.ToArray();
    private static readonly byte[] Audio = "{\"type\":\"audio\",\"n\":"u8.ToArray();
    private static readonly byte[] Data = ",\"data\":\""u8.ToArray();
    private static readonly byte[] End = "\"}"u8.ToArray();
    private static readonly byte[] Answer = "{\"type\":\"ack\",\"n\":"u8.ToArray();
    private const int Digits = 10;

    /// <summary>Of six messages in a second two are frames.</summary>
    public static bool IsVideo(long number) => number % 3 == 0;

    public static int Length(long number) => IsVideo(number) ? VideoLength : AudioLength;

    /// <param name="number">Counts from 0 in each call.</param>
    /// <param name="to">As long as <see cref="Length"/> says.</param>
    public static void Write(long number, Span<byte> to)
    {
        var rest = to;
        Append(ref rest, IsVideo(number) ? Video : Audio);
        AppendNumber(ref rest, number);
        Append(ref rest, Data);
        Append(ref rest, Pattern.Piece(number, rest.Length - End.Length).Span);
        Append(ref rest, End);
    }

    /// <summary>Whether it is, byte for byte, the message with this number.</summary>
    public static bool IsRight(ReadOnlySpan<byte> message, long number)
    {
        if (message.Length != Length(number))
        {
            return false;
        }

        Span<byte> digits = stackalloc byte[Digits];
        var expected = digits;
        AppendNumber(ref expected, number);
        return Take(ref message, IsVideo(number) ? Video : Audio) && Take(ref message, digits) && Take(ref message, Data)
            && Take(ref message, Pattern.Piece(number, message.Length - End.Length).Span) && message.SequenceEqual(End);
    }

    /// <returns>How many bytes were written.</returns>
    public static int WriteAnswer(long number, Span<byte> to)
    {
        var rest = to;
        Append(ref rest, Answer);
        AppendNumber(ref rest, number);
        Append(ref rest, "}"u8);
        return to.Length - rest.Length;
    }

    public static bool IsAnswer(ReadOnlySpan<byte> message, long number)
    {
        Span<byte> expected = stackalloc byte[64];
        return message.SequenceEqual(expected[..WriteAnswer(number, expected)]);
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    private static void AppendNumber(ref Span<byte> rest, long number)
    {
        Utf8Formatter.TryFormat(number, rest, out _, new('D', Digits));
        rest = rest[Digits..];
    }

    private static bool Take(ref ReadOnlySpan<byte> rest, scoped ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
        {
            return false;
        }

        rest = rest[expected.Length..];
        return true;
    }
}
