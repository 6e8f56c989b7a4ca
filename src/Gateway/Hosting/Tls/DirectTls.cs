using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Boundary.Limits;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Hosting.Transport;
using Gateway.Observability;
using Gateway.Platform.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting.Tls;

/// <summary>TLS with OpenSSL directly on the socket, without <see cref="System.Net.Security.SslStream"/>. Linux only.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class DirectTls(
    CertificateChoice choice, OpenChallenges? challenges, PendingHandshakes pending, TlsHandshakes handshakes, TimeProvider time, ILogger<DirectTls> logger)
{
    private static readonly byte[] Http1 = [.. "\bhttp/1.1"u8];
    private static readonly byte[] Http2 = [.. "\u0002h2"u8];
    private static readonly byte[] Http2OrHttp1 = [.. Http2, .. Http1];
    private static readonly byte[] ChallengeOnly = [(byte)TlsAlpnCertificate.Protocol.Length, .. System.Text.Encoding.ASCII.GetBytes(TlsAlpnCertificate.Protocol)];

    // As long as somebody else keeps the certificate.
    private readonly ConditionalWeakTable<X509Certificate2, TlsCertificate> _prepared = [];

    /// <summary>Serves an endpoint's connections so.</summary>
    /// <param name="endpoint">What it speaks is known when it is opened.</param>
    /// <param name="versions">Of TLS.</param>
    /// <param name="patience">How long a handshake may take.</param>
    /// <param name="otherwise">TLS for connections that are not the gateway's own.</param>
    public void Use(ListenOptions endpoint, SslProtocols versions, TimeSpan patience, Action otherwise)
    {
        var server = new DailyServer(versions, time);
        ConnectionDelegate? afterTls = null;
        endpoint.Use(next => async connection =>
        {
            if (connection.Features.Get<SocketConnection>() is not { } socket)
            {
                await next(connection);
            }
            else if (await HandshakeAsync(connection, socket, server.Current, endpoint.Protocols, patience))
            {
                await afterTls!(connection);
            }
        });
        otherwise();
        endpoint.Use(next => afterTls = next);
    }

    /// <returns>False when that was all.</returns>
    private async ValueTask<bool> HandshakeAsync(ConnectionContext connection, SocketConnection socket, TlsServer server, HttpProtocols protocols, TimeSpan patience)
    {
        var place = pending.Enter(connection);
        using var limit = new CancellationTokenSource(patience, time);
        var (isUnknown, isChallenge) = (false, false);
        try
        {
            var agreement = await socket.BeginTlsAsync(server, Answer, limit.Token);
            handshakes.CountSuccess(agreement.Version);
            HandshakeResult.Set(connection.Features, agreement);
            return !isChallenge;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException or ObjectDisposedException or CryptographicException or OperationCanceledException)
        {
            LogFailure(logger, connection.ConnectionId, exception.Message);
            if (exception is OperationCanceledException)
            {
                pending.NoteTimeout(connection);
            }
            else if (exception is PlainHttpException)
            {
                await PlainHttpAnswer.SendAsync(connection);
            }

            handshakes.CountFailure(isUnknown ? TlsHandshakes.UnknownName : TlsHandshakes.Reason(exception));
            return false;
        }
        finally
        {
            pending.Leave(place);
        }

        TlsAnswer Answer(string? name, ProtocolList offered)
        {
            if (name is not null && offered.IsOnly(ChallengeOnly.AsSpan(1)) && challenges?.TlsAlpnCertificate(name) is { } challenge)
            {
                isChallenge = true;
                return new TlsAnswer(Prepared(challenge, []), ChallengeOnly);
            }

            if (choice.Refuses(name))
            {
                isUnknown = true;
                return TlsAnswer.Refuse(TlsAnswer.UnrecognizedName);
            }

            return choice.For(name, connection) is { } certificate
                ? new TlsAnswer(Prepared(certificate.Leaf, certificate.Context.IntermediateCertificates), Spoken(protocols))
                : TlsAnswer.Refuse(TlsAnswer.HandshakeFailure);
        }
    }

    private TlsCertificate Prepared(X509Certificate2 leaf, IReadOnlyCollection<X509Certificate2> chain) =>
        _prepared.TryGetValue(leaf, out var prepared) ? prepared : _prepared.GetValue(leaf, _ => new TlsCertificate(leaf, chain));

    private static byte[] Spoken(HttpProtocols protocols) =>
        !protocols.HasFlag(HttpProtocols.Http2) ? Http1
        : !protocols.HasFlag(HttpProtocols.Http1) ? Http2
        : Http2OrHttp1;

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "The TLS handshake of connection {Connection} failed: {Reason}")]
    private static partial void LogFailure(ILogger logger, string connection, string reason);
}
