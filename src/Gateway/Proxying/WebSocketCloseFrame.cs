using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Proxying;

/// <summary>A close frame of the gateway's own (RFC 6455 section 5.5.1).</summary>
internal static class WebSocketCloseFrame
{
    /// <summary>RFC 6455 section 7.4 and the registry of close codes.</summary>
    public const int ServiceRestart = 1012;

    /// <param name="code">1000 to 4999.</param>
    /// <param name="reason">At most 123 bytes of UTF-8.</param>
    /// <param name="masked">As a client must send it (section 5.3).</param>
    public static byte[] Create(int code, string reason, bool masked)
    {
        var payload = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, 125, nameof(reason));
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        if (!masked)
        {
            return [0x88, (byte)payload.Length, .. payload];
        }

        var mask = RandomNumberGenerator.GetBytes(4);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i % 4];
        }

        return [0x88, (byte)(0x80 | payload.Length), .. mask, .. payload];
    }
}
