using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Boundary;

/// <summary>What a PROXY protocol header says (HAProxy's specification of 2020, sections 2.1 and 2.2).</summary>
/// <param name="Source">The client; null where the proxy speaks for itself (LOCAL) or does not know (UNKNOWN).</param>
internal sealed record ProxyProtocolHeader(IPEndPoint? Source)
{
    // "Implementations should not go beyond": 107 bytes in version 1; version 2 has a length field, of which nobody fills much.
    private const int LongestText = 107;
    private const int LongestBinary = 16 + 4096;
    private const int BinaryPrefix = 16;

    private static readonly ProxyProtocolHeader WithoutSource = new((IPEndPoint?)null);

    private static ReadOnlySpan<byte> TextSignature => "PROXY "u8;

    private static ReadOnlySpan<byte> BinarySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads a header from the first bytes of a connection.</summary>
    /// <param name="received">All that has come so far.</param>
    /// <param name="header">Null with true: there is none, the connection begins at once.</param>
    /// <param name="length">How many bytes the header takes.</param>
    /// <returns>False when more bytes are needed to tell.</returns>
    /// <exception cref="InvalidDataException">The bytes begin as a header and go on as none.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> received, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var bytes = received.Slice(0, Math.Min(received.Length, LongestBinary)).ToArray().AsSpan();
        if (bytes.StartsWith(TextSignature))
        {
            return TryReadText(bytes, out header, out length);
        }

        if (bytes.StartsWith(BinarySignature))
        {
            return TryReadBinary(bytes, out header, out length);
        }

        return !TextSignature.StartsWith(bytes) && !BinarySignature.StartsWith(bytes);
    }

    private static bool TryReadText(ReadOnlySpan<byte> bytes, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var end = bytes[..Math.Min(bytes.Length, LongestText)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            return bytes.Length < LongestText ? false : throw new InvalidDataException("A PROXY protocol line has no end.");
        }

        length = end + 2;
        header = Encoding.Latin1.GetString(bytes[..end]).Split(' ') switch
        {
            [_, "UNKNOWN", ..] => WithoutSource,
            [_, "TCP4", var source, var destination, var sourcePort, var destinationPort]
                when TryEndPoint(source, sourcePort, AddressFamily.InterNetwork) is { } client && TryEndPoint(destination, destinationPort, AddressFamily.InterNetwork) is not null
                => new ProxyProtocolHeader(client),
            [_, "TCP6", var source, var destination, var sourcePort, var destinationPort]
                when TryEndPoint(source, sourcePort, AddressFamily.InterNetworkV6) is { } client && TryEndPoint(destination, destinationPort, AddressFamily.InterNetworkV6) is not null
                => new ProxyProtocolHeader(client),
            _ => throw new InvalidDataException("A PROXY protocol line cannot be read."),
        };
        return true;
    }

    private static IPEndPoint? TryEndPoint(string address, string port, AddressFamily family) =>
        Networks.TryParseAddress(address, out var parsed) && parsed.AddressFamily == family
        && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new IPEndPoint(parsed, number)
            : null;

    private static bool TryReadBinary(ReadOnlySpan<byte> bytes, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        if (bytes.Length < BinaryPrefix)
        {
            return false;
        }

        var (version, command, family) = (bytes[12] >> 4, bytes[12] & 0xf, bytes[13] >> 4);
        var size = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (version != 2 || command > 1 || BinaryPrefix + size > LongestBinary)
        {
            throw new InvalidDataException("A PROXY protocol header cannot be read.");
        }

        if (bytes.Length < BinaryPrefix + size)
        {
            return false;
        }

        length = BinaryPrefix + size;
        var addresses = bytes.Slice(BinaryPrefix, size);
        header = (command, family) switch
        {
            (0, _) => WithoutSource,
            (1, 1) when size >= 12 => At(addresses[..4], addresses[8..]),
            (1, 2) when size >= 36 => At(addresses[..16], addresses[32..]),
            (1, 1 or 2) => throw new InvalidDataException("A PROXY protocol header is too short for its addresses."),
            _ => WithoutSource,
        };
        return true;
    }

    private static ProxyProtocolHeader At(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port) =>
        new(new IPEndPoint(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(port)));
}
