using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Hosting;

/// <summary>What Kestrel asks of a TLS connection, without the <see cref="SslStream"/> that it began with.</summary>
internal sealed class HandshakeResult : ITlsHandshakeFeature, ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private readonly TlsCipherSuite _suite;

    private HandshakeResult(SslStream stream)
    {
        (Protocol, _suite) = (stream.SslProtocol, stream.NegotiatedCipherSuite);
        (HostName, ApplicationProtocol) = (stream.TargetHostName, stream.NegotiatedApplicationProtocol.Protocol);
        ClientCertificate = stream.RemoteCertificate as X509Certificate2;
    }

    public SslProtocols Protocol { get; }

    public string HostName { get; }

    public ReadOnlyMemory<byte> ApplicationProtocol { get; }

    public X509Certificate2? ClientCertificate { get; set; }

    TlsCipherSuite? ITlsHandshakeFeature.NegotiatedCipherSuite => _suite;

#pragma warning disable SYSLIB0058 // The interface has them.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => default;

    int ITlsHandshakeFeature.CipherStrength => 0;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => default;

    int ITlsHandshakeFeature.HashStrength => 0;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => default;

    int ITlsHandshakeFeature.KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    /// <summary>Has it asked for in the stream's place.</summary>
    /// <param name="features">Of the connection.</param>
    /// <param name="stream">Its handshake is over.</param>
    public static void Replace(IFeatureCollection features, SslStream stream)
    {
        var result = new HandshakeResult(stream);
        features.Set<ITlsHandshakeFeature>(result);
        features.Set<ITlsConnectionFeature>(result);
        features.Set<ITlsApplicationProtocolFeature>(result);
        features.Set<ISslStreamFeature>(null);
        features.Set<SslStream>(null);
    }

    /// <summary>The client's, if it was asked for one and has sent it with the handshake.</summary>
    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
