using System.Runtime.Versioning;

namespace Gateway.Platform.Tls;

/// <summary>Decides what a handshake is answered with. It is asked from within OpenSSL, and must not touch the connection.</summary>
/// <param name="serverName">What the client has asked for (RFC 6066 section 3); null when for nothing.</param>
/// <param name="protocols">What it offers to speak.</param>
internal delegate TlsAnswer TlsChoice(string? serverName, ProtocolList protocols);

/// <summary>What a handshake is answered with.</summary>
/// <param name="Certificate">Null: the handshake is refused.</param>
/// <param name="Protocols">Those of which the first that the client offers is spoken.</param>
/// <param name="Alert">Why it is refused (RFC 8446 section 6.2).</param>
[SupportedOSPlatform("linux")]
internal readonly record struct TlsAnswer(TlsCertificate? Certificate, byte[] Protocols, byte Alert = 0)
{
    /// <summary>handshake_failure: there is nothing to serve.</summary>
    public const byte HandshakeFailure = 40;

    /// <summary>internal_error.</summary>
    public const byte InternalError = 80;

    /// <summary>unrecognized_name: no certificate covers it.</summary>
    public const byte UnrecognizedName = 112;

    public static TlsAnswer Refuse(byte alert) => new(null, [], alert);
}
