using System.Net;

namespace Gateway.Tests.Boundary;

/// <summary>The same over HTTP/2, where lengths are the frames' and a line's end is only a character, until the request is written down
/// as HTTP/1.1 for the service.</summary>
public sealed class Http2SmugglingTests(GatewayWithWitness fixture) : IClassFixture<GatewayWithWitness>
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static readonly string[] Refusals = ["400", "405", "431", "501", "RST", "GOAWAY", "closed"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static byte[] Request(params (string Name, string Value)[] fields) => Whole(Http2Adversary.Fields(fields));

    private static byte[] Get(params (string Name, string Value)[] more) => Whole(Http2Adversary.Request("GET", "/p", more));

    private static byte[] At(string path) => Whole(Http2Adversary.Request("GET", path));

    private static byte[] Whole(byte[] fields) =>
        Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 1, fields);

    private static byte[] Post(string body, params (string Name, string Value)[] more) =>
    [
        .. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/p", more)),
        .. Http2Adversary.Frame(Http2Adversary.Data, Http2Adversary.EndStream, 1, System.Text.Encoding.Latin1.GetBytes(body)),
    ];

    private static byte[] WithTrailers(params (string Name, string Value)[] trailers) =>
    [
        .. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/p")),
        .. Http2Adversary.Frame(Http2Adversary.Data, 0, 1, "01234"u8.ToArray()),
        .. Whole(Http2Adversary.Fields(trailers)),
    ];

    private static readonly (string, string)[] Plain = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/p")];

    private static readonly (string Name, byte[] Bytes)[] Payloads =
    [
        ("length shorter than the body", Post("0\r\n\r\n" + Smuggled, ("content-length", "0"))),
        ("length 5, body longer", Post("01234" + Smuggled, ("content-length", "5"))),
        ("length longer than the body", Post("01234", ("content-length", "99"))),
        ("length without a body", Get(("content-length", "5"))),
        ("two lengths", Post("01234", ("content-length", "5"), ("content-length", "0"))),
        ("negative length", Post("01234", ("content-length", "-1"))),
        ("length with a sign", Post("01234", ("content-length", "+5"))),
        ("length with a line's end", Post("01234", ("content-length", "5\r\nX: 1"))),
        ("length as a list", Post("01234", ("content-length", "5, 5"))),
        ("empty length", Post("01234", ("content-length", ""))),
        ("transfer-encoding", Post("0\r\n\r\n" + Smuggled, ("transfer-encoding", "chunked"))),
        ("transfer-encoding identity", Post("01234", ("transfer-encoding", "identity"))),
        ("transfer-encoding in a value", Post("01234", ("x", "a\r\ntransfer-encoding: chunked"))),
        ("transfer-encoding in a name", Post("01234", ("x: a\r\ntransfer-encoding", "chunked"))),
        ("connection", Get(("connection", "close"))),
        ("connection upgrade", Get(("connection", "upgrade"), ("upgrade", "h2c"))),
        ("upgrade", Get(("upgrade", "websocket"))),
        ("keep-alive", Get(("keep-alive", "timeout=5"))),
        ("proxy-connection", Get(("proxy-connection", "keep-alive"))),
        ("te chunked", Get(("te", "chunked"))),
        ("te trailers and chunked", Get(("te", "trailers, chunked"))),
        ("CR LF in a value", Get(("x", "a\r\nx-real-ip: 1.2.3.4"))),
        ("CR LF and a request in a value", Get(("x", "a\r\n\r\n" + Smuggled))),
        ("LF in a value", Get(("x", "a\nb"))),
        ("CR in a value", Get(("x", "a\rb"))),
        ("NUL in a value", Get(("x", "a\0b"))),
        ("control character in a value", Get(("x", "a\u0001b"))),
        ("delete in a value", Get(("x", "a\u007fb"))),
        ("CR LF in a cookie", Get(("cookie", "a=b\r\nx: 1"))),
        ("upper case name", Get(("X-Upper", "1"))),
        ("name with a colon", Get(("x:y", "1"))),
        ("name with a space", Get(("x y", "1"))),
        ("name with a space behind", Get(("x ", "1"))),
        ("name with CR LF", Get(("x\r\ny", "1"))),
        ("name with LF", Get(("x\ny", "1"))),
        ("name with NUL", Get(("x\0y", "1"))),
        ("name with a bracket", Get(("x(y)", "1"))),
        ("name beyond ASCII", Get(("x\u00e4", "1"))),
        ("empty name", Get(("", "1"))),
        ("path with a space", At("/p x")),
        ("path with a request", At("/p HTTP/1.1\r\nHost: localhost\r\n\r\nGET /smuggled")),
        ("path with a fragment", At("/p#x")),
        ("path with LF", At("/p\nx")),
        ("path with NUL", At("/p\0")),
        ("path with a backslash", At("/p\\x")),
        ("path with an encoded slash", At("/p%2fx")),
        ("path with an encoded NUL", At("/p%00")),
        ("path beyond ASCII", At("/p\u00e4")),
        ("empty path", At("")),
        ("path without slash", At("p")),
        ("path *", At("*")),
        ("absolute path", At("https://localhost/p")),
        ("OPTIONS *", Whole(Http2Adversary.Request("OPTIONS", "*"))),
        ("method with a space", Whole(Http2Adversary.Request("GET /smuggled HTTP/1.1\r\n", "/p"))),
        ("method with CR LF", Whole(Http2Adversary.Request("GET\r\n", "/p"))),
        ("empty method", Whole(Http2Adversary.Request("", "/p"))),
        ("TRACE", Whole(Http2Adversary.Request("TRACE", "/p"))),
        ("CONNECT", Request((":method", "CONNECT"), (":authority", "localhost:443"))),
        ("CONNECT with a path", Whole(Http2Adversary.Request("CONNECT", "/p"))),
        ("CONNECT to an unknown protocol", Whole(Http2Adversary.Request("CONNECT", "/p", (":protocol", "connect-udp")))),
        ("CONNECT to a WebSocket without version", Whole(Http2Adversary.Request("CONNECT", "/p", (":protocol", "websocket")))),
        ("CONNECT to a WebSocket of version 8", Whole(Http2Adversary.Request("CONNECT", "/p", (":protocol", "websocket"), ("sec-websocket-version", "8")))),
        ("protocol in a GET", Whole(Http2Adversary.Request("GET", "/p", (":protocol", "websocket")))),
        ("two methods", Request([.. Plain, (":method", "POST")])),
        ("two paths", Request([.. Plain, (":path", "/smuggled")])),
        ("two authorities", Request([.. Plain, (":authority", "other")])),
        ("two schemes", Request([.. Plain, (":scheme", "http")])),
        ("no method", Request(Plain[1..])),
        ("no path", Request(Plain[..3])),
        ("no scheme", Request(Plain[0], Plain[2], Plain[3])),
        ("no authority, no host", Request(Plain[0], Plain[1], Plain[3])),
        ("empty authority", Request(Plain[0], Plain[1], (":authority", ""), Plain[3])),
        ("pseudo-header behind another", Request(Plain[0], Plain[1], ("x", "1"), Plain[2], Plain[3])),
        ("unknown pseudo-header", Request([.. Plain, (":x", "1")])),
        ("pseudo-header of an answer", Request([.. Plain, (":status", "200")])),
        ("scheme http", Request(Plain[0], (":scheme", "http"), Plain[2], Plain[3])),
        ("scheme with a target", Request(Plain[0], (":scheme", "https://localhost/smuggled?"), Plain[2], Plain[3])),
        ("authority with userinfo", Request(Plain[0], Plain[1], (":authority", "user@localhost"), Plain[3])),
        ("authority with a path", Request(Plain[0], Plain[1], (":authority", "localhost/x"), Plain[3])),
        ("authority with a space", Request(Plain[0], Plain[1], (":authority", "local host"), Plain[3])),
        ("authority with CR LF", Request(Plain[0], Plain[1], (":authority", "localhost\r\nx: 1"), Plain[3])),
        ("two hosts without authority", Request(Plain[0], Plain[1], Plain[3], ("host", "localhost"), ("host", "other"))),
        ("pseudo-header in trailers", WithTrailers((":path", "/smuggled"))),
        ("upper case name in trailers", WithTrailers(("X", "1"))),
        ("trailers that do not end", [.. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/p")), .. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Fields(("x", "1")))]),
        ("data before headers", Http2Adversary.Frame(Http2Adversary.Data, Http2Adversary.EndStream, 1, "GET /smuggled"u8.ToArray())),
        ("even stream", Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 2, Http2Adversary.Request("GET", "/p"))),
        ("headers on stream 0", Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 0, Http2Adversary.Request("GET", "/p"))),
        ("another frame between headers", [.. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndStream, 1, Http2Adversary.Request("GET", "/p")), .. Http2Adversary.Frame(Http2Adversary.Ping, 0, 0, new byte[8])]),
        ("padding longer than the frame", Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream | Http2Adversary.Padded, 1, [255, .. Http2Adversary.Request("GET", "/p")])),
        ("headers that are no HPACK", Whole([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
        ("headers too large", Get(("x", new string('a', 16_000)), ("y", "1"))[..^1]),
    ];

    public static TheoryData<string> Refused => [.. Payloads.Select(payload => payload.Name)];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task IsRefused(string name)
    {
        fixture.Witness.Forget();
        await using var adversary = await Adversary.ConnectHttp2Async(fixture.Gateway, Cancellation, AnotherAddress());
        await adversary.SendAsync(Payloads.Single(payload => payload.Name == name).Bytes, Cancellation);

        var outcome = await adversary.OutcomeAsync(1, Cancellation);

        Assert.Empty(fixture.Witness.Requests);
        Assert.Contains(outcome, Refusals);
    }

    private static readonly (string Name, byte[] Bytes, string Body)[] OneReading =
    [
        ("host that is not the authority", Get(("host", "other")), ""),
        ("two hosts besides the authority", Get(("host", "other"), ("host", "another")), ""),
        ("request in a body", Post(Smuggled, ("content-length", $"{Smuggled.Length}")), Smuggled),
        ("request in a body of unknown length", Post(Smuggled), Smuggled),
        ("chunks in a body", Post("0\r\n\r\n" + Smuggled), "0\r\n\r\n" + Smuggled),
        ("underscore twins", Get(("transfer_encoding", "chunked"), ("content_length", "5"), ("x_real_ip", "1.2.3.4")), ""),
        ("trailers that forge", WithTrailers(("x-real-ip", "1.2.3.4"), ("content-length", "99"), ("x-forwarded-for", "1.2.3.4")), "01234"),
        ("settings of h2c", Get(("http2-settings", "AAMAAABk")), ""),
        ("body of a GET", [.. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("GET", "/p")), .. Http2Adversary.Frame(Http2Adversary.Data, Http2Adversary.EndStream, 1, System.Text.Encoding.Latin1.GetBytes(Smuggled))], Smuggled),
    ];

    public static TheoryData<string> WithOneReading => [.. OneReading.Select(payload => payload.Name)];

    [Theory]
    [MemberData(nameof(WithOneReading))]
    public async Task ReachesTheServiceInItsOneReading(string name)
    {
        var (_, bytes, body) = OneReading.Single(payload => payload.Name == name);
        fixture.Witness.Forget();
        await using var adversary = await Adversary.ConnectHttp2Async(fixture.Gateway, Cancellation);
        await adversary.SendAsync(bytes, Cancellation);

        Assert.Equal("200", await adversary.OutcomeAsync(1, Cancellation));

        var request = Assert.Single(fixture.Witness.Requests);
        Assert.Equal(("/p", body), (request.Target, request.Body));
        Assert.Equal(["localhost"], request.Values("Host"));
        Assert.Equal(["127.0.0.1"], request.Values("X-Real-IP"));
        string[] dropped = ["transfer_encoding", "content_length", "x_real_ip", "http2-settings"];
        Assert.All(dropped, header => Assert.Empty(request.Values(header)));
        Assert.True(request.Values("Content-Length").Length + request.Values("Transfer-Encoding").Length <= 1);
    }

    [Theory]
    [InlineData(Smuggled)]
    [InlineData("")]
    public async Task ABodyThatIsSaidToBeEmptyReachesTheServiceWhenItHasEnded(string body)
    {
        fixture.Witness.Forget();
        await using var adversary = await Adversary.ConnectHttp2Async(fixture.Gateway, Cancellation, AnotherAddress());
        await adversary.SendAsync(
            Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/p", ("content-length", "0"))), Cancellation);
        // Whoever comes later is served meanwhile.
        await adversary.SendAsync(
            Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 3, Http2Adversary.Request("GET", "/later")), Cancellation);
        Assert.Equal("200", await adversary.OutcomeAsync(3, Cancellation));
        Assert.Equal(["/later"], fixture.Witness.Requests.Select(request => request.Target));

        await adversary.SendAsync(Http2Adversary.Frame(Http2Adversary.Data, Http2Adversary.EndStream, 1, System.Text.Encoding.Latin1.GetBytes(body)), Cancellation);

        Assert.Contains(await adversary.OutcomeAsync(1, Cancellation), body.Length == 0 ? ["200"] : Refusals);
        Assert.Equal(body.Length == 0 ? ["/later", "/p"] : ["/later"], fixture.Witness.Requests.Select(request => request.Target));
        Assert.All(fixture.Witness.Requests, request => Assert.Equal("", request.Body));
    }

    // Whoever offends again and again waits: each payload comes from somebody else. 127.0.0.0/8 is all the loopback's on Linux.
    private static IPAddress? AnotherAddress() =>
        OperatingSystem.IsLinux() ? new IPAddress([127, 1, (byte)Random.Shared.Next(256), (byte)Random.Shared.Next(1, 255)]) : null;
}
