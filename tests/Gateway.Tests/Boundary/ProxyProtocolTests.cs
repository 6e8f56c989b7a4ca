using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Boundary;
using Gateway.Configuration;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

public sealed class ProxyProtocolTests
{
    private static readonly byte[] Signature = [.. "\r\n\r\n\0\r\nQUIT\n"u8];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static byte[] Text(string line) => Encoding.Latin1.GetBytes(line);

    private static byte[] Binary(byte versionAndCommand, byte family, byte[] addresses)
    {
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)addresses.Length);
        return [.. Signature, versionAndCommand, family, .. length, .. addresses];
    }

    private static byte[] V4 => Binary(0x21, 0x11, [203, 0, 113, 5, 192, 0, 2, 1, 0x12, 0x67, 1, 187]);

    private static byte[] V6 => Binary(0x21, 0x21, [.. IPAddress.Parse("2001:db8::5").GetAddressBytes(), .. IPAddress.Parse("2001:db8::1").GetAddressBytes(), 0x12, 0x67, 1, 187, 0x04, 0, 1, 0]);

    public static TheoryData<byte[], string?> Readable => new()
    {
        { Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\r\n"), "203.0.113.5:4711" },
        { Text("PROXY TCP6 2001:db8::5 2001:db8::1 4711 443\r\n"), "[2001:db8::5]:4711" },
        { Text("PROXY UNKNOWN\r\n"), null },
        { Text("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), null },
        { V4, "203.0.113.5:4711" },
        { V6, "[2001:db8::5]:4711" },
        { Binary(0x20, 0, []), null },
        { Binary(0x20, 0x11, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), null },
        { Binary(0x21, 0x31, new byte[216]), null },
        { Binary(0x21, 0, []), null },
    };

    [Theory]
    [MemberData(nameof(Readable))]
    public void ReadsTheClientWhereverTheHeaderIsCut(byte[] header, string? source)
    {
        byte[] whole = [.. header, .. "\x16\x03\x01"u8];
        for (var length = 0; length < header.Length; length++)
        {
            Assert.False(ProxyProtocolHeader.TryRead(new(whole.AsMemory(0, length)), out _, out _), $"after {length} bytes");
        }

        Assert.True(ProxyProtocolHeader.TryRead(new(whole), out var read, out var size));
        Assert.Equal((source, header.Length), (read!.Source?.ToString(), size));
    }

    [Theory]
    [InlineData("\x16\x03\x01")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n")]
    [InlineData("PROX")]
    [InlineData("proxy TCP4 203.0.113.5 192.0.2.1 4711 443\r\n")]
    public void LeavesOtherBeginningsAlone(string bytes)
    {
        var isKnown = ProxyProtocolHeader.TryRead(new(Text(bytes)), out var header, out var length);

        Assert.Equal(bytes != "PROX", isKnown);
        Assert.Null(header);
        Assert.Equal(0, length);
    }

    public static TheoryData<byte[]> Unreadable =>
    [
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711\r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443 x\r\n"),
        Text("PROXY TCP4 2001:db8::5 2001:db8::1 4711 443\r\n"),
        Text("PROXY TCP6 203.0.113.5 192.0.2.1 4711 443\r\n"),
        Text("PROXY TCP4 1 192.0.2.1 4711 443\r\n"),
        Text("PROXY TCP4 0x0a000001 192.0.2.1 4711 443\r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 65536 443\r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 +1 443\r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 -1 443\r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 x\r\n"),
        Text("PROXY TCP4  203.0.113.5 192.0.2.1 4711 443\r\n"),
        Text("PROXY UDP4 203.0.113.5 192.0.2.1 4711 443\r\n"),
        Text("PROXY \r\n"),
        Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\n" + new string('x', 100)),
        Text("PROXY " + new string('x', 101)),
        Binary(0x11, 0x11, new byte[12]),
        Binary(0x22, 0x11, new byte[12]),
        Binary(0x21, 0x11, new byte[11]),
        Binary(0x21, 0x21, new byte[35]),
        Binary(0x21, 0x11, new byte[4097]),
    ];

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void RefusesWhatBeginsAsAHeaderAndGoesOnAsNone(byte[] header) =>
        Assert.Throws<InvalidDataException>(() => ProxyProtocolHeader.TryRead(new(header), out _, out _));

    /// <summary>Corpus and mutations: whatever comes, there is an answer or an exception that the middleware expects.</summary>
    [Fact]
    public void SurvivesAHundredThousandMutations()
    {
        var random = new Random(1);
        byte[][] corpus = [.. Readable.Select(row => row.Data.Item1), .. Unreadable.Select(row => row.Data)];
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = corpus[random.Next(corpus.Length)].AsSpan(0).ToArray();
            for (var changes = random.Next(1, 4); changes > 0 && bytes.Length > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var cut = random.Next(bytes.Length + 1);
            try
            {
                if (ProxyProtocolHeader.TryRead(new(bytes.AsMemory(0, cut)), out _, out var length))
                {
                    Assert.InRange(length, 0, cut);
                }
            }
            catch (InvalidDataException)
            {
                // Refused.
            }
        }
    }

    private static async Task<Testimony?> RequestAsync(byte[] before, string[] trusted, bool isOn = true, bool inPieces = false)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address) with
        {
            Gateway = new GatewayOptions { ProxyProtocol = isOn, TrustedProxies = [.. trusted.Select(IPNetwork.Parse)] },
        });
        using var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, Cancellation);
        foreach (var piece in inPieces ? before.Chunk(1) : [before])
        {
            await tcp.GetStream().WriteAsync(piece, Cancellation);
        }

        try
        {
            await using var tls = new SslStream(tcp.GetStream(), false, TestGateway.IsTestCertificate);
            await tls.AuthenticateAsClientAsync("localhost");
            await Adversary.ExchangeAsync(tls, "GET /p HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1\r\nConnection: close\r\n\r\n", Cancellation);
        }
        catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
        {
            // Closed before TLS.
        }

        return witness.Requests.SingleOrDefault();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheServiceLearnsTheClientFromATrustedProxy(bool inPieces)
    {
        Assert.Equal(["203.0.113.5"], (await RequestAsync(V4, ["127.0.0.1/32"], inPieces: inPieces))!.Values("X-Real-IP"));
        Assert.Equal(["2001:db8::5"], (await RequestAsync(Text("PROXY TCP6 2001:db8::5 2001:db8::1 4711 443\r\n"), ["127.0.0.1/32"], inPieces: inPieces))!.Values("X-Forwarded-For"));
    }

    [Fact]
    public async Task ATrustedProxyMaySpeakForItself()
    {
        // Then its X-Forwarded-For counts, as ever.
        Assert.Equal(["198.51.100.1"], (await RequestAsync(Binary(0x20, 0, []), ["127.0.0.1/32"]))!.Values("X-Real-IP"));
        Assert.Equal(["198.51.100.1"], (await RequestAsync([], ["127.0.0.1/32"]))!.Values("X-Real-IP"));
    }

    [Fact]
    public async Task NobodyElseIsBelieved()
    {
        Assert.Null(await RequestAsync(V4, ["10.0.0.0/8"]));
        Assert.Null(await RequestAsync(Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\r\n"), []));
        Assert.Null(await RequestAsync(V4, ["127.0.0.1/32"], isOn: false));
        Assert.Equal(["127.0.0.1"], (await RequestAsync([], ["10.0.0.0/8"]))!.Values("X-Real-IP"));
    }

    [Fact]
    public async Task AHeaderThatCannotBeReadEndsTheConnection() =>
        Assert.Null(await RequestAsync(Text("PROXY TCP4 203.0.113.5 192.0.2.1 4711 x\r\n"), ["127.0.0.1/32"]));
}
