using System.Net.Security;
using System.Security.Authentication;

namespace Gateway.Platform.Tls;

/// <summary>What client and gateway have agreed upon in the handshake.</summary>
/// <param name="Version">1.2 or 1.3, or what the operator has set.</param>
/// <param name="Suite">How it is encrypted.</param>
/// <param name="ServerName">What the client has asked for; null when for nothing.</param>
/// <param name="Protocol">What is spoken (RFC 7301); empty when the client left it open.</param>
internal sealed record TlsAgreement(SslProtocols Version, TlsCipherSuite Suite, string? ServerName, ReadOnlyMemory<byte> Protocol);
