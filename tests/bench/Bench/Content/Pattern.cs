using System.Text;

namespace Bench.Content;

/// <summary>Text that looks like base64 and never repeats; sender and receiver take the same pieces of it, so every byte can be checked.</summary>
internal static class Pattern
{
    private const int Size = 4 * 1024 * 1024;

    private static readonly byte[] Bytes = Make();

    /// <summary>The piece for the n-th message; another one for each.</summary>
    public static ReadOnlyMemory<byte> Piece(long number, int length) =>
        Bytes.AsMemory((int)(number * 7919 % (Size - length)), length);

    private static byte[] Make()
    {
        var alphabet = Encoding.ASCII.GetBytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        var bytes = new byte[Size];
        var state = 0x9E3779B97F4A7C15UL;
        for (var i = 0; i < bytes.Length; i++)
        {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[i] = alphabet[(int)(state >> 58)];
        }

        return bytes;
    }
}
