using System.Collections.Frozen;

namespace Gateway.Proxying.Services;

/// <summary>Headers that concern one connection and not the whole way (RFC 9110 section 7.6.1), and others that YARP's forwarder leaves out too.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
    [
        "Connection", "Transfer-Encoding", "Keep-Alive", "Upgrade", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info",
        "Proxy-Authorization", "Proxy-Features", "Proxy-Instruction", "Security-Scheme", "ALPN", "Close", "HTTP2-Settings", "Upgrade-Insecure-Requests",
        "TE", "Alt-Svc",
    ], StringComparer.OrdinalIgnoreCase);

    // For each letter the lengths (modulo 32, as shifts count) of the names that begin with it: nearly every other header differs in that already.
    private static readonly uint[] Lengths = LengthsByLetter();

    /// <summary>Whether a header of this name is left out; also one of the names that begin with a colon, under which Kestrel keeps what HTTP/2 says
    /// instead of a request line.</summary>
    public static bool Contains(string name)
    {
        if (name.Length == 0)
        {
            return false;
        }

        var letter = (name[0] | 0x20) - 'a';
        return (uint)letter < Lengths.Length ? (Lengths[letter] >> name.Length & 1) != 0 && Names.Contains(name) : name[0] == ':';
    }

    private static uint[] LengthsByLetter()
    {
        var lengths = new uint[26];
        foreach (var name in Names)
        {
            lengths[(name[0] | 0x20) - 'a'] |= 1u << name.Length;
        }

        return lengths;
    }
}
