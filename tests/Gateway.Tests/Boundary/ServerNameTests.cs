using System.Net.Security;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>Names that are not served.</summary>
public sealed class ServerNameTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The first record that the gateway sends for a real client's hello.</summary>
    private static async Task<byte[]> FirstRecordAsync(bool strict, string? name, bool isSslStream)
    {
        await using var witness = new Witness();
        var configuration = TestConfiguration.ForService(witness.Address) with { Gateway = new GatewayOptions { StrictSni = strict } };
        await using var gateway = await TestGateway.StartAsync(isSslStream ? configuration.WithSslStream("web") : configuration);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, Cancellation);
        var wire = new FirstRecord(tcp.GetStream());
        await using var tls = new SslStream(wire, false, TestGateway.IsTestCertificate);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name }, Cancellation);
        }
        catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
        {
        }

        return wire.Received.ToArray();
    }

    [Theory]
    [InlineData("other.example.com", false)]
    [InlineData("localhost.example.com", false)]
    [InlineData("other.example.com", true)]
    public async Task StrictSniAnswersAnUnknownNameWithTheAlertForIt(string name, bool isSslStream) =>
        Assert.Equal([21, 3, 3, 0, 2, 2, 112], await FirstRecordAsync(true, name, isSslStream));

    [Theory]
    [InlineData(true, "localhost", false)]
    [InlineData(true, "LOCALHOST", false)]
    [InlineData(true, null, false)]
    [InlineData(false, "other.example.com", false)]
    [InlineData(true, "LOCALHOST", true)]
    [InlineData(true, null, true)]
    [InlineData(false, "other.example.com", true)]
    public async Task EverybodyElseGetsACertificate(bool strict, string? name, bool isSslStream) =>
        Assert.Equal(22, (await FirstRecordAsync(strict, name, isSslStream))[0]);

    [Theory]
    [InlineData("other.example.com")]
    [InlineData("chat.example.com.evil.example")]
    [InlineData("127.0.0.1")]
    public async Task AHostThatIsNotAllowedGets421AndNothingIsForwarded(string host)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address) with { AllowedHosts = ["chat.example.com"] });

        var answer = await Adversary.SendAsync(
            gateway,
            $"GET /p HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: chat.example.com\r\n\r\nPOST /p HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nConnection: close\r\n\r\n01234",
            Cancellation);

        Assert.Equal([421, 421], answer.Statuses);
        Assert.Empty(witness.Requests);
    }

    [Theory]
    [InlineData("xn--fiqs8s.example")]
    [InlineData("中国.example")]
    public async Task ANameInAnotherScriptReachesTheServiceAsTheClientWroteIt(string allowed)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address) with { AllowedHosts = [allowed] });

        var answer = await Adversary.SendAsync(gateway, "GET /p HTTP/1.1\r\nHost: xn--fiqs8s.example\r\nConnection: close\r\n\r\n", Cancellation);

        Assert.Equal([200], answer.Statuses);
        var request = Assert.Single(witness.Requests);
        Assert.Equal(["xn--fiqs8s.example"], request.Values("Host"));
        Assert.Equal(["xn--fiqs8s.example"], request.Values("X-Forwarded-Host"));
    }

    private sealed class FirstRecord(Stream inner) : Stream
    {
        public MemoryStream Received { get; } = new();

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Received.Write(buffer.Span[..read]);
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
