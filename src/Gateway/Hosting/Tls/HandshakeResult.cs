using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gateway.Platform.Tls;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Hosting.Tls;

/// <summary>What Kestrel asks of a TLS connection.</summary>
internal sealed class HandshakeResult(TlsAgreement agreement) : ITlsHandshakeFeature, ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    public SslProtocols Protocol => agreement.Version;

    public string HostName => agreement.ServerName ?? "";

    public ReadOnlyMemory<byte> ApplicationProtocol => agreement.Protocol;

    /// <summary>No client is asked for one.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    TlsCipherSuite? ITlsHandshakeFeature.NegotiatedCipherSuite => agreement.Suite;

#pragma warning disable SYSLIB0058 // The interface has them.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => default;

    int ITlsHandshakeFeature.CipherStrength => 0;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => default;

    int ITlsHandshakeFeature.HashStrength => 0;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => default;

    int ITlsHandshakeFeature.KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    /// <summary>Says it of a connection.</summary>
    public static void Set(IFeatureCollection features, TlsAgreement agreement)
    {
        var result = new HandshakeResult(agreement);
        features.Set<ITlsHandshakeFeature>(result);
        features.Set<ITlsConnectionFeature>(result);
        features.Set<ITlsApplicationProtocolFeature>(result);
    }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
