using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Hosting.Transport;
using Gateway.Platform;
using Gateway.Platform.Tls;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Tests.Hosting.Transport;

[SupportedOSPlatform("linux")]
public sealed class TlsConnectionTests : IAsyncDisposable
{
    // RFC 5246 section 6.2.1; TLS 1.3 hides the kind.
    private const byte AlertRecord = 21;

    private readonly X509Certificate2 _certificate = NewCertificate();
    private readonly TcpClient _tcp = new();
    private readonly SocketConnection _connection;
    private SslStream? _client;
    private TlsAgreement? _agreement;

    public TlsConnectionTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere SslStream does it");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _tcp.Connect((IPEndPoint)listener.LocalEndpoint);
        _connection = new SocketConnection(listener.AcceptSocket());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _client?.Dispose();
        _tcp.Dispose();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task EveryByteComesBackInOrder(SslProtocols protocol)
    {
        var transport = await TakeAsync(protocol);
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var echoing = EchoAsync(transport);

        var sending = _client!.WriteAsync(sent, Token);
        var received = new byte[sent.Length];
        await _client.ReadExactlyAsync(received, Token);
        await sending;

        Assert.Equal(sent, received);
        await _client.ShutdownAsync();
        await echoing;
    }

    [Fact]
    public async Task WhatTheClientSendsWithTheEndOfTheHandshakeIsNotLost()
    {
        // TLS 1.3: the client may send as soon as it has sent its Finished, and here before the gateway has looked at that.
        var transport = await TakeAsync(SslProtocols.Tls13, afterHandshake: client => client.WriteAsync("GET / HTTP/1.1\r\n"u8.ToArray(), Token));

        var read = await transport.Input.ReadAtLeastAsync(16, Token);

        Assert.Equal("GET / HTTP/1.1\r\n"u8.ToArray(), read.Buffer.ToArray());
    }

    [Fact]
    public async Task AClientThatDoesNotReadHoldsUpTheWriterAndThenGetsAll()
    {
        var transport = await TakeAsync(SslProtocols.Tls13);
        var sent = RandomNumberGenerator.GetBytes(20_000_000);

        var writing = transport.Output.WriteAsync(sent, Token).AsTask();
        Assert.NotSame(writing, await Task.WhenAny(writing, Task.Delay(300, Token)));

        var received = new byte[sent.Length];
        await _client!.ReadExactlyAsync(received, Token);
        await writing;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task TheClientsEndIsTheEndOfTheInput()
    {
        var transport = await TakeAsync(SslProtocols.Tls13);

        _tcp.Client.Shutdown(SocketShutdown.Send);

        Assert.True((await transport.Input.ReadAsync(Token)).IsCompleted);
    }

    [Fact]
    public async Task AnEndInOrderIsSaidWithCloseNotify()
    {
        await TakeAsync(SslProtocols.Tls12);

        await _connection.DisposeAsync();

        Assert.Equal([AlertRecord], await RestOfRecordsAsync());
    }

    [Fact]
    public async Task AnAbortIsNotSaid()
    {
        await TakeAsync(SslProtocols.Tls12);

        _connection.Abort(new ConnectionAbortedException("for the test"));
        await _connection.DisposeAsync();

        Assert.Empty(await RestOfRecordsAsync());
    }

    [Fact]
    public async Task AnAbortWhileNothingComesThrowsNothingOnItsWay()
    {
        var isOfThisTest = new AsyncLocal<bool> { Value = true };
        var thrown = new List<Exception>();
        void Note(object? sender, FirstChanceExceptionEventArgs e)
        {
            if (isOfThisTest.Value)
            {
                thrown.Add(e.Exception);
            }
        }

        var transport = await TakeAsync(SslProtocols.Tls13);
        var closed = new TaskCompletionSource();
        using var registration = _connection.ConnectionClosed.Register(closed.SetResult);
        Assert.False(transport.Input.TryRead(out _));
        AppDomain.CurrentDomain.FirstChanceException += Note;
        try
        {
            _connection.Abort(new ConnectionAbortedException("for the test"));
            await closed.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Note;
        }

        Assert.Empty(thrown);
    }

    [Fact]
    public async Task WhatIsNoTlsEndsTheConnection()
    {
        var transport = await TakeAsync(SslProtocols.Tls13);

        await _tcp.Client.SendAsync(new byte[] { 23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }, Token);

        var failure = await Assert.ThrowsAsync<IOException>(async () => await transport.Input.ReadAsync(Token));
        Assert.Contains("TLS has failed", failure.Message);
    }

    [Fact]
    public async Task AnAbortInTheMiddleOfAWriteEndsTheWrite()
    {
        var transport = await TakeAsync(SslProtocols.Tls13);
        var writing = transport.Output.WriteAsync(new byte[20_000_000], Token).AsTask();
        await Task.WhenAny(writing, Task.Delay(100, Token));

        _connection.Abort(new ConnectionAbortedException("for the test"));

        Assert.True((await writing.WaitAsync(TimeSpan.FromSeconds(10), Token)).IsCompleted);
    }

    [Fact]
    public async Task TheClientsFirstWishThatIsSpokenHereIsNotWhatCounts()
    {
        await TakeAsync(SslProtocols.Tls13, protocols: [SslApplicationProtocol.Http11, SslApplicationProtocol.Http2]);

        Assert.Equal(SslApplicationProtocol.Http2, _client!.NegotiatedApplicationProtocol);
        Assert.Equal(SslApplicationProtocol.Http2.Protocol, _agreement!.Protocol);
    }

    [Fact]
    public async Task AClientThatSpeaksNothingOfItIsRefused()
    {
        var handshake = HandshakeAsync(Token);
        _client = new SslStream(_tcp.GetStream(), leaveInnerStreamOpen: true, IsOwn);
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [new SslApplicationProtocol("smtp")] };

        await Assert.ThrowsAsync<AuthenticationException>(() => _client.AuthenticateAsClientAsync(options, Token));
        Assert.Contains("no application protocol", (await Assert.ThrowsAsync<AuthenticationException>(() => handshake)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientThatGoesInTheHandshakeIsNotWaitedFor()
    {
        var handshake = HandshakeAsync(Token);
        await _tcp.Client.SendAsync(new byte[] { 22, 3, 1, 2 }, Token);
        _tcp.Client.Shutdown(SocketShutdown.Send);

        await Assert.ThrowsAsync<IOException>(() => handshake);
    }

    [Fact]
    public async Task AClientThatIsSilentIsNotWaitedForLongerThanTheGatewayLikes()
    {
        using var limit = new CancellationTokenSource();
        var handshake = HandshakeAsync(limit.Token);
        await _tcp.Client.SendAsync(new byte[] { 22, 3, 1, 2 }, Token);
        Assert.False(handshake.IsCompleted);

        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handshake);
    }

    [Fact]
    public async Task AnAbortEndsTheHandshake()
    {
        var handshake = HandshakeAsync(Token);
        await _tcp.Client.SendAsync(new byte[] { 22, 3, 1, 2 }, Token);

        _connection.Abort(new ConnectionAbortedException("for the test"));

        await Assert.ThrowsAsync<IOException>(() => handshake);
    }

    [Fact]
    public async Task WhatIsNoHelloIsAnsweredWithAnAlert()
    {
        var handshake = HandshakeAsync(Token);
        // A record with a ClientHello of one byte.
        await _tcp.Client.SendAsync(new byte[] { 22, 3, 1, 0, 5, 1, 0, 0, 1, 0 }, Token);

        await Assert.ThrowsAsync<AuthenticationException>(() => handshake);
        await _connection.DisposeAsync();
        Assert.Equal([AlertRecord], await RestOfRecordsAsync());
    }

    [Fact]
    public async Task TheHandshakeMayComeByteByByte()
    {
        var handshake = HandshakeAsync(Token);
        _client = new SslStream(new Trickle(_tcp.GetStream()), leaveInnerStreamOpen: true, IsOwn);
        await _client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "chat.example.com" }, Token);

        Assert.Equal("chat.example.com", (await handshake).ServerName);
    }

    private Task<TlsAgreement> HandshakeAsync(CancellationToken cancellationToken, SslProtocols protocol = SslProtocols.None)
    {
        var certificate = new TlsCertificate(_certificate, []);
        return _connection.BeginTlsAsync(
            new TlsServer(protocol), (_, _) => new TlsAnswer(certificate, [.. "\u0002h2\bhttp/1.1"u8]), cancellationToken).AsTask();
    }

    private async Task<IDuplexPipe> TakeAsync(SslProtocols protocol, Func<SslStream, ValueTask>? afterHandshake = null, List<SslApplicationProtocol>? protocols = null)
    {
        _client = new SslStream(_tcp.GetStream(), leaveInnerStreamOpen: true, IsOwn);
        var greeting = GreetAsync();
        var handshake = HandshakeAsync(Token, protocol);
        await Task.WhenAll(greeting, handshake);
        _agreement = await handshake;
        Assert.Equal(protocol, _agreement.Version);
        Assert.Equal(_client.NegotiatedCipherSuite, _agreement.Suite);
        return _connection.Transport;

        async Task GreetAsync()
        {
            await _client.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol, ApplicationProtocols = protocols }, Token);
            await (afterHandshake?.Invoke(_client) ?? ValueTask.CompletedTask);
        }
    }

    private bool IsOwn(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate?.GetCertHashString() == _certificate.GetCertHashString();

    // The kinds of those that the client has not read yet. SslStream takes a bare end for the same as an announced one.
    private async Task<List<byte>> RestOfRecordsAsync()
    {
        List<byte> kinds = [];
        var stream = _tcp.GetStream();
        var header = new byte[5];
        while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, Token) == header.Length)
        {
            kinds.Add(header[0]);
            await stream.ReadExactlyAsync(new byte[(header[3] << 8) | header[4]], Token);
        }

        return kinds;
    }

    private static async Task EchoAsync(IDuplexPipe transport)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync(Token);
            foreach (var part in read.Buffer)
            {
                await transport.Output.WriteAsync(part, Token);
            }

            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class Trickle(Stream inner) : AsynchronousStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                await inner.WriteAsync(buffer.Slice(i, 1), cancellationToken);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush()
        {
        }
    }
}
