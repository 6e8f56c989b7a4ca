using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Bench.Content;

/// <summary>One WebSocket frame (RFC 6455 section 5.2) that is complete in memory.</summary>
/// <param name="Opcode">1 text, 8 close; -1 when the connection ended between two frames.</param>
/// <param name="Payload">Unmasked; valid until the next frame is read.</param>
internal readonly record struct Frame(int Opcode, Memory<byte> Payload)
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ended = -1;

    /// <summary>More than any header takes.</summary>
    public const int MaxHeader = 14;

    /// <summary>Writes the header of a whole text frame.</summary>
    /// <param name="to">At least <see cref="MaxHeader"/> bytes.</param>
    /// <param name="length">Of the payload.</param>
    /// <param name="mask">The client's key; null for a server.</param>
    /// <returns>How many bytes were written.</returns>
    public static int WriteHeader(Span<byte> to, int length, uint? mask)
    {
        to[0] = 0x80 | Text;
        var used = 2;
        var marker = mask is null ? 0 : 0x80;
        if (length < 126)
        {
            to[1] = (byte)(marker | length);
        }
        else if (length <= ushort.MaxValue)
        {
            to[1] = (byte)(marker | 126);
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            used = 4;
        }
        else
        {
            to[1] = (byte)(marker | 127);
            BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
            used = 10;
        }

        if (mask is { } key)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to[used..], key);
            used += 4;
        }

        return used;
    }

    /// <summary>Masks or unmasks in place.</summary>
    public static void Mask(Span<byte> data, uint key)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(data);
        var wide = new Vector<uint>(key);
        foreach (ref var vector in vectors)
        {
            vector ^= wide;
        }

        var tail = data[(vectors.Length * Vector<byte>.Count)..];
        for (var i = 0; i < tail.Length; i++)
        {
            tail[i] ^= (byte)(key >> (8 * (i & 3)));
        }
    }
}
