using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Hosting.Transport;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Tests.Hosting.Transport;

public sealed class TakenTlsTests : IAsyncDisposable
{
    // RFC 5246 section 6.2.1; TLS 1.3 hides the kind.
    private const byte AlertRecord = 21;

    private readonly X509Certificate2 _certificate = NewCertificate();
    private readonly TcpClient _tcp = new();
    private readonly SocketConnection _connection;
    private SslStream? _client;

    public TakenTlsTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere SslStream goes on");
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
        var taking = TakeAsync(SslProtocols.Tls13, afterHandshake: client => client.WriteAsync("GET / HTTP/1.1\r\n"u8.ToArray(), Token));
        var transport = await taking;

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
    public async Task TheStreamMayGoBeforeTheConnection()
    {
        var transport = await TakeAsync(SslProtocols.Tls13);
        var echoing = EchoAsync(transport);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        await _client!.WriteAsync("still there"u8.ToArray(), Token);
        var answer = new byte[11];
        await _client.ReadExactlyAsync(answer, Token);
        Assert.Equal("still there"u8.ToArray(), answer);

        await _client.ShutdownAsync();
        await echoing;
    }

    // The server's stream is disposed of before this returns.
    private async Task<IDuplexPipe> TakeAsync(SslProtocols protocol, Func<SslStream, ValueTask>? afterHandshake = null)
    {
        var records = new HandshakeRecords(_connection.Transport.Input);
        await using var server = new SslStream(new DuplexStream(records.AsStream(), _connection.Transport.Output.AsStream()));
        _client = new SslStream(_tcp.GetStream(), leaveInnerStreamOpen: true, (_, certificate, _, _) => certificate?.GetCertHashString() == _certificate.GetCertHashString());
        var greeting = GreetAsync();
        await server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, EnabledSslProtocols = protocol }, Token);
        if (afterHandshake is not null)
        {
            await greeting;
        }

        var transport = await _connection.TryTakeTlsAsync(server);
        await greeting;
        Assert.NotNull(transport);
        return transport;

        async Task GreetAsync()
        {
            await _client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol }, Token);
            await (afterHandshake?.Invoke(_client) ?? ValueTask.CompletedTask);
        }
    }

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

    private sealed class DuplexStream(Stream input, Stream output) : AsynchronousStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override void Flush()
        {
        }
    }
}
