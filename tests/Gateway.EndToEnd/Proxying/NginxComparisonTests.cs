using System.Net.Security;
using System.Text;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Proxying;

/// <summary>
/// The gateway and nginx with the configuration that it replaces, side by side in front of one service: the same bytes to
/// both, and the service cannot tell who passed them on.
/// </summary>
public sealed class NginxComparisonTests : IAsyncLifetime
{
    // Without a port, as browsers send it on 443. nginx's $host would drop one; the gateway keeps it, because an
    // application that builds a link or checks an Origin from its Host needs the port that the browser used.
    private const string Host = "Host: chat.example.com\r\n";

    private readonly TestFolder _folder = new();
    private readonly RecordingService _service = new();
    private NginxProcess? _nginx;
    private GatewayProcess? _gateway;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Name, request line without version, header lines, body.</summary>
    public static TheoryData<string, string, string, string> Requests
    {
        get
        {
            var data = new TheoryData<string, string, string, string>();
            void Add(string name, string line, string headers = "", string body = "")
            {
                var length = body.Length > 0 && !headers.Contains("chunked", StringComparison.Ordinal) ? $"Content-Length: {body.Length}\r\n" : "";
                data.Add(name, line, headers + length, body);
            }

            // Targets.
            Add("plain", "GET /api/voices");
            Add("front page", "GET /");
            Add("query", "GET /api/voices?lang=zh-CN&page=2");
            Add("empty query", "GET /api/voices?");
            Add("query of question marks and equal signs", "GET /api/voices?a=b=c??&&d=&=e");
            Add("encoded in either case", "GET /api/caf%C3%A9/%e4%bd%a0%E5%A5%BD?name=%E4%BD%a0");
            Add("encoded what need not be", "GET /api/%76oices/%7Euser");
            Add("encoded percent sign", "GET /api/100%25/%2525?p=%25");
            Add("encoded space and plus", "GET /api/a%20b+c%2Bd?q=one+two%20three%2Bfour");
            Add("double slashes", "GET /api//voices///list");
            Add("double slash first", "GET //static//app.js");
            Add("trailing slash", "GET /api/voices/");
            Add("semicolons and commas", "GET /api/voices;v=1,2/x;y?a;b,c");
            Add("every character that a path may have", "GET /api/-._~!$&'()*+,;=:@");
            Add("what a URL should not have unencoded", "GET /api/{id}|x^y`z\"<>[]?a={}|^`\"<>[]");
            Add("no route's prefix", "GET /apis");
            Add("another case", "GET /API/Voices");
            Add("long query", "GET /api/voices?token=" + new string('x', 3000));
            Add("absolute form", "GET http://chat.example.com/api/voices?x=1");

            // Methods and bodies.
            Add("HEAD", "HEAD /api/voices");
            Add("OPTIONS", "OPTIONS /api/voices", "Origin: https://chat.example.com\r\nAccess-Control-Request-Method: PUT\r\n");
            Add("JSON", "POST /api/speech", "Content-Type: application/json\r\n", "{\"text\":\"h\u00c3\u00a9 \"}");
            Add("form", "POST /api/form", "Content-Type: application/x-www-form-urlencoded\r\n", "a=1&b=%20+x");
            Add("chunked", "POST /api/transcribe", "Content-Type: audio/wav\r\nTransfer-Encoding: chunked\r\n", "4\r\nRIFF\r\n3;note=1\r\n\u0000\u00ff\u0080\r\n0\r\n\r\n");
            Add("multipart", "POST /api/transcribe", "Content-Type: multipart/form-data; boundary=x\r\n",
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--x--");
            Add("empty POST", "POST /api/ping", "Content-Length: 0\r\n");
            Add("POST without length", "POST /api/ping");
            Add("PUT", "PUT /api/voices/1", body: "{}");
            Add("PATCH", "PATCH /api/voices/1", "Content-Type: application/merge-patch+json\r\n", "{}");
            Add("DELETE", "DELETE /api/voices/1");
            Add("DELETE with body", "DELETE /api/voices", body: "[1,2]");
            Add("GET with body", "GET /api/search", body: "[1,2]");
            Add("a method of its own", "PROPFIND /api/voices");

            // Headers.
            Add("custom headers", "GET /api/voices", "X-Session: a b  c;d=\"e\"\r\nAuthorization: Bearer x.y-z\r\nAccept: */*;q=0.5\r\nX-Empty:\r\n");
            Add("cookies", "GET /api/voices", "Cookie: a=1; b=\"2, 3\"; c=%E4; d\r\n");
            Add("conditional and range", "GET /api/voices", "If-None-Match: W/\"x\", \"y\"\r\nRange: bytes=0-1,5-\r\nAccept-Encoding: br, gzip;q=0.1\r\n");
            Add("bytes beyond ASCII", "GET /api/voices", "X-Name: M\u00fcller\r\nX-Utf8: \u00e4\u00bd\u00a0\u00e5\u00a5\u00bd\r\nCookie: n=\u00e4\u00bd\u00a0\r\n");
            Add("what a client claims to be", "GET /api/voices", "X-Real-IP: 192.0.2.1\r\nX-Real-IP: 192.0.2.2\r\n");
            return data;
        }
    }

    public async ValueTask InitializeAsync()
    {
        _nginx = await NginxProcess.StartAsync(_folder, _service.Address);
        _gateway = await GatewayProcess.RunAsync(_folder, new GatewayJson().Https()
            .Route("voice", "/api/{**rest}", _service.Address)
            .Route("video", "/ws/{**rest}", _service.Address)
            .Route("web", "/{**rest}", _service.Address));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }

        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task TheServiceReceivesTheSameFromBoth()
    {
        var differences = new List<string>();
        foreach (var (name, line, headers, body) in Requests.Select(row => row.Data))
        {
            var request = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{Host}Connection: close\r\n{headers}\r\n{body}");
            var (byNginx, byGateway) = (await ThroughAsync(_nginx!.Port, request), await ThroughAsync(_gateway!.HttpsPort!.Value, request));
            var names = headers.Split("\r\n").Select(h => h.Split(':')[0]).Where(h => h is not ("" or "Content-Length" or "Transfer-Encoding"));
            string?[] Fields(RecordedRequest r) =>
                [r.Method, r.Target, r.Header("Host"), r.Header("X-Real-IP"), r.Body, .. names.Select(n => $"{n}: {r.Header(n)}")];
            differences.AddRange(Fields(byNginx).Zip(Fields(byGateway))
                .Where(pair => pair.First != pair.Second)
                .Select(pair => $"{name}: nginx '{pair.First}', gateway '{pair.Second}'"));
        }

        Assert.Empty(differences);
    }

    [Fact]
    public async Task AnUpgradeIsTheSameFromBoth()
    {
        const string Handshake = "GET /ws/call?room=%E4%BD%A0+1 HTTP/1.1\r\n" + Host
            + "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: https://chat.example.com\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n";
        string[] names = ["Host", "X-Real-IP", "Upgrade", "Origin", "Sec-WebSocket-Version", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol"];

        async Task<RecordedRequest> UpgradeAsync(int port)
        {
            await using var tls = await Clients.ConnectTlsAsync(port);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(Handshake), Cancellation);
            var answer = await ReadHeadAsync(tls);
            Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
            // A masked text frame of two letters; the service sends back what comes.
            byte[] frame = [0x81, 0x82, 1, 2, 3, 4, (byte)'h' ^ 1, (byte)'i' ^ 2];
            await tls.WriteAsync(frame, Cancellation);
            var echoed = new byte[frame.Length];
            await tls.ReadExactlyAsync(echoed, Cancellation);
            Assert.Equal(frame, echoed);
            return _service.Take()!;
        }

        var byNginx = await UpgradeAsync(_nginx!.Port);
        var byGateway = await UpgradeAsync(_gateway!.HttpsPort!.Value);

        Assert.Equal((byNginx.Method, byNginx.Target, byNginx.Body), (byGateway.Method, byGateway.Target, byGateway.Body));
        Assert.All(names, name => Assert.Equal(byNginx.Header(name), byGateway.Header(name)));
        Assert.Equal("upgrade", byGateway.Header("Connection"), ignoreCase: true);
    }

    /// <summary>Where the gateway differs on purpose, and why.</summary>
    [Theory]
    // Applications need the port that the browser used, for links and for comparing Origin with Host.
    [InlineData("GET /api/voices", "Host: chat.example.com:8443\r\n", "/api/voices", "chat.example.com", "/api/voices", "chat.example.com:8443")]
    // Routed as /ws/call, so /ws/call is asked for: a service that resolved the dots itself could be led past the routes.
    [InlineData("GET /api/../ws/call", Host, "/api/../ws/call", "chat.example.com", "/ws/call", "chat.example.com")]
    [InlineData("GET /api/%2e%2e/ws/call", Host, "/api/%2e%2e/ws/call", "chat.example.com", "/ws/call", "chat.example.com")]
    public async Task DiffersFromNginxOnPurpose(string line, string host, string nginxTarget, string nginxHost, string target, string gatewayHost)
    {
        var request = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");

        var byNginx = await ThroughAsync(_nginx!.Port, request);
        var byGateway = await ThroughAsync(_gateway!.HttpsPort!.Value, request);

        Assert.Equal((nginxTarget, nginxHost), (byNginx.Target, byNginx.Header("Host")));
        Assert.Equal((target, gatewayHost), (byGateway.Target, byGateway.Header("Host")));
    }

    /// <summary>What nginx lets through and the gateway does not, and why.</summary>
    [Theory]
    // RFC 3986 has no raw bytes beyond ASCII in a URL, and what they mean is anybody's guess; browsers and libraries encode them.
    [InlineData("GET /api/\u00e4\u00bd\u00a0", Host)]
    public async Task RefusesWhatNginxLetsThrough(string line, string host)
    {
        var request = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");

        Assert.NotNull(await ThroughAsync(_nginx!.Port, request));
        var answer = Encoding.Latin1.GetString(await Clients.SendRawAsync(_gateway!.HttpsPort!.Value, request));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Null(_service.Take());
    }

    private async Task<RecordedRequest> ThroughAsync(int port, byte[] request)
    {
        var answer = Encoding.Latin1.GetString(await Clients.SendRawAsync(port, request));
        return _service.Take() ?? throw new InvalidOperationException(
            $"{Encoding.Latin1.GetString(request)}\ndid not reach the service; {(port == _nginx!.Port ? "nginx" : "the gateway")} answered:\n{answer}");
    }

    private static async Task<string> ReadHeadAsync(SslStream tls)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await tls.ReadAsync(one, Cancellation) > 0)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
