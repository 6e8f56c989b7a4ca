using System.Buffers.Binary;
using System.Net;
using Gateway.Configuration;

namespace Gateway.Boundary.Limits;

/// <summary>Who counts as one client: an IPv4 address, or an IPv6 /64, which is the smallest that anybody is given.</summary>
internal readonly record struct ClientNetwork(ulong High, uint Low)
{
    public static ClientNetwork Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return Networks.Unmapped(address).TryWriteBytes(bytes, out var length) && length == 4
            ? new ClientNetwork(0, BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new ClientNetwork(BinaryPrimitives.ReadUInt64BigEndian(bytes), 0);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        if (High == 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, Low);
            return new IPAddress(bytes[..4]).ToString();
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        return new IPAddress(bytes) + "/64";
    }
}
