using System.Globalization;

namespace Gateway.Tests.Boundary;

/// <summary>Requests over HTTP/1.1 that two parsers could read in two ways. Behind each of them comes the request that an attacker would
/// like to see at the service.</summary>
public sealed class SmugglingTests(GatewayWithWitness fixture) : IClassFixture<GatewayWithWitness>
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string H = "Host: localhost\r\n";

    // CL.TE and TE.CL at once: by length the body ends where the smuggled request begins, in chunks it ends before it.
    private const string LastChunk = "0\r\n\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Head(string lines, string method = "GET", string target = "/p") => $"{method} {target} HTTP/1.1\r\n{lines}\r\n";

    private static string Chunked(string body, string lines = "") => Head($"{H}Transfer-Encoding: chunked\r\n{lines}", "POST") + body;

    /// <summary>Name, bytes, status.</summary>
    private static IEnumerable<(string Name, string Bytes, int Status)> Payloads()
    {
        foreach (var (name, bytes) in LineEnds().Concat(Hosts()).Concat(Lengths()).Concat(TransferEncodings()).Concat(Chunks()).Concat(HeaderLines()).Concat(Targets()))
        {
            yield return (name, bytes, 400);
        }

        yield return ("CONNECT", Head("Host: localhost:443\r\n", "CONNECT", "localhost:443"), 405);
        yield return ("CONNECT to a path", Head(H, "CONNECT", "/p"), 405);
        yield return ("TRACE", Head(H, "TRACE"), 405);
        yield return ("TRACE with Max-Forwards", Head(H + "Max-Forwards: 0\r\n", "TRACE"), 405);
        yield return ("GET *", Head(H, "GET", "*"), 405);
        yield return ("POST *", Head(H, "POST", "*"), 405);
        yield return ("target without slash", Head(H, target: "p"), 405);
        yield return ("target that is a host", Head(H, target: "localhost"), 405);
        yield return ("target that is a host with a port", Head(H, target: "localhost:443"), 405);
        yield return ("HTTP/2.0 in text", $"GET /p HTTP/2.0\r\n{H}\r\n", 505);
        yield return ("HTTP/1.2", $"GET /p HTTP/1.2\r\n{H}\r\n", 505);
        yield return ("HTTP/1.10", $"GET /p HTTP/1.10\r\n{H}\r\n", 400);
        yield return ("HTTP/11", $"GET /p HTTP/11\r\n{H}\r\n", 400);
        yield return ("http/1.1 in lower case", $"GET /p http/1.1\r\n{H}\r\n", 505);
        yield return ("long request line", $"GET /{new string('a', 9000)} HTTP/1.1\r\n{H}\r\n", 414);
        yield return ("too many headers", Head(H + string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: 1\r\n"))), 431);
        yield return ("headers too large", Head(H + string.Concat(Enumerable.Range(0, 9).Select(i => $"X-{i}: {new string('a', 4000)}\r\n"))), 431);
    }

    private static IEnumerable<(string, string)> LineEnds()
    {
        yield return ("bare LF after the request line", $"GET /p HTTP/1.1\n{H}\r\n");
        yield return ("bare LF after a header", "GET /p HTTP/1.1\r\nHost: localhost\nX: 1\r\n\r\n");
        yield return ("bare LF everywhere", "GET /p HTTP/1.1\nHost: localhost\n\n");
        yield return ("bare LF at the end of the head", $"GET /p HTTP/1.1\r\n{H}\n");
        yield return ("bare LF within a value", Head($"{H}X: a\nTransfer-Encoding: chunked\r\n"));
        yield return ("bare LF before a length", Head($"{H}X: a\nContent-Length: 5\r\n", "POST") + "01234");
        yield return ("two LF within the head", Head($"{H}X: a\n\nGET /smuggled HTTP/1.1\r\n"));
        yield return ("bare CR after the request line", $"GET /p HTTP/1.1\r{H}\r\n");
        yield return ("bare CR within a value", Head($"{H}X: a\rTransfer-Encoding: chunked\r\n"));
        yield return ("bare CR within a name", Head($"{H}X\rY: a\r\n"));
        yield return ("bare CR at the end of a value", Head($"{H}X: a\r\r\n"));
        yield return ("bare CR before the end of the head", $"GET /p HTTP/1.1\r\n{H}\r\r\n");
        yield return ("bare CR in the target", Head(H, target: "/p\rX"));
        yield return ("LF CR for CR LF", "GET /p HTTP/1.1\n\rHost: localhost\n\r\n\r");
        yield return ("folded header by a space", Head($"{H}X: a\r\n b\r\n"));
        yield return ("folded header by a tab", Head($"{H}X: a\r\n\tb\r\n"));
        yield return ("folded first header", $"GET /p HTTP/1.1\r\n {H}\r\n");
        yield return ("folded host", Head("Host:\r\n localhost\r\n"));
        yield return ("folded length", Head($"{H}Content-Length:\r\n 5\r\n", "POST") + "01234");
        yield return ("folded encoding", Head($"{H}Transfer-Encoding:\r\n chunked\r\n", "POST") + LastChunk);
        yield return ("folded encoding behind another header", Head($"{H}X: x\r\n Transfer-Encoding: chunked\r\n", "POST") + LastChunk);
        yield return ("line of spaces only", Head($"{H} \r\n"));
        yield return ("form feed for a line's end", Head($"{H}X: a\fTransfer-Encoding: chunked\r\n"));
    }

    private static IEnumerable<(string, string)> Hosts()
    {
        yield return ("no host", "GET /p HTTP/1.1\r\nX: 1\r\n\r\n");
        yield return ("no host, HTTP/1.0", "GET /p HTTP/1.0\r\n\r\n");
        yield return ("empty host", Head("Host:\r\n"));
        yield return ("host of spaces", Head("Host:   \r\n"));
        yield return ("two hosts", Head("Host: localhost\r\nHost: other\r\n"));
        yield return ("the same host twice", Head("Host: localhost\r\nhost: localhost\r\n"));
        yield return ("list of hosts", Head("Host: localhost, other\r\n"));
        yield return ("host with a space", Head("Host: local host\r\n"));
        yield return ("host with a path", Head("Host: localhost/x\r\n"));
        yield return ("host with a backslash", Head("Host: localhost\\x\r\n"));
        yield return ("host with userinfo", Head("Host: user@localhost\r\n"));
        yield return ("host with a query", Head("Host: localhost?x\r\n"));
        yield return ("host with a fragment", Head("Host: localhost#x\r\n"));
        yield return ("host with a bad port", Head("Host: localhost:x\r\n"));
        yield return ("host with two ports", Head("Host: localhost:80:81\r\n"));
        yield return ("host with a control character", Head("Host: local\u0001host\r\n"));
        yield return ("host with NUL", Head("Host: localhost\0\r\n"));
        yield return ("host beyond ASCII", Head("Host: localh\u00f6st\r\n"));
        yield return ("host with a space before the colon", Head("Host : localhost\r\n"));
        yield return ("host with an open bracket", Head("Host: [::1\r\n"));
    }

    private static IEnumerable<(string, string)> Lengths()
    {
        string[] values =
        [
            "-1", "-0", "+5", "+0", "0x5", "5 5", "5, 5", "5,5", ",5", "5,", "5;", "5.0", "5e0", "٥", "abc", "", "''", "\"5\"", "5\t5", "5\v", "\f5", "5_0",
            "9223372036854775808", "18446744073709551621", "99999999999999999999999999", "5\0", "1,000", "5 chunked",
        ];
        foreach (var value in values)
        {
            yield return ($"length '{value}'", Head($"{H}Content-Length: {value}\r\n", "POST") + "01234");
        }

        yield return ("two lengths that differ", Head($"{H}Content-Length: 5\r\nContent-Length: 0\r\n", "POST") + "01234");
        yield return ("two lengths that differ, the shorter first", Head($"{H}Content-Length: 0\r\nContent-Length: 5\r\n", "POST") + "01234");
        yield return ("the same length twice", Head($"{H}Content-Length: 5\r\ncontent-length: 5\r\n", "POST") + "01234");
        yield return ("length with a space before the colon", Head($"{H}Content-Length : 5\r\n", "POST") + "01234");
        yield return ("length with a tab before the colon", Head($"{H}Content-Length\t: 5\r\n", "POST") + "01234");
        yield return ("length in GET with a space before the colon", Head($"{H}Content-Length : {Smuggled.Length}\r\n"));
        yield return ("length behind NUL", Head($"{H}\0Content-Length: 5\r\n", "POST") + "01234");
    }

    private static IEnumerable<(string, string)> TransferEncodings()
    {
        string[] lines =
        [
            "Transfer-Encoding: chunked", "transfer-encoding: chunked", "Transfer-Encoding: CHUNKED", "Transfer-Encoding:chunked", "Transfer-Encoding:\tchunked",
            "Transfer-Encoding: chunked ", "Transfer-Encoding: chunked\t", "Transfer-Encoding:  chunked",
        ];
        foreach (var line in lines)
        {
            yield return ($"length and '{line}'", Head($"{H}Content-Length: 5\r\n{line}\r\n", "POST") + LastChunk);
            yield return ($"'{line}' and length", Head($"{H}{line}\r\nContent-Length: {(LastChunk + Smuggled).Length}\r\n", "POST") + LastChunk);
        }

        string[] odd =
        [
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: gzip", "Transfer-Encoding: identity", "Transfer-Encoding: cow",
            "Transfer-Encoding: chunked,", "Transfer-Encoding: ,chunked", "Transfer-Encoding: , chunked", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: chunked; a=b",
            "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: 'chunked'", "Transfer-Encoding: \vchunked", "Transfer-Encoding: chunked\v", "Transfer-Encoding: \fchunked",
            "Transfer-Encoding: \0chunked", "Transfer-Encoding: chunked\0", "Transfer-Encoding: chun ked", "Transfer-Encoding: chunked foo", "Transfer-Encoding: \u00a0chunked",
            "Transfer-Encoding: ch\u00fcnked", "Transfer-Encoding: \u0001chunked", "Transfer-Encoding: chunked\x7f", "Transfer-Encoding: =chunked",
            "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked", "Transfer-Encoding\v: chunked",
            "Transfer\0-Encoding: chunked", "Transfer Encoding: chunked", "Transfer-Encoding", "Transfer-Encoding=chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
            "X: x\nTransfer-Encoding: chunked", "X: x\rTransfer-Encoding: chunked", "Transfer-Encoding:\n chunked",
        ];
        foreach (var line in odd)
        {
            yield return ($"'{line}'", Head($"{H}{line}\r\n", "POST") + LastChunk);
            yield return ($"length and '{line}'", Head($"{H}Content-Length: 5\r\n{line}\r\n", "POST") + LastChunk);
        }

        yield return ("chunked in HTTP/1.0", $"POST /p HTTP/1.0\r\n{H}Transfer-Encoding: chunked\r\n\r\n{LastChunk}");
        yield return ("chunked and kept alive in HTTP/1.0", $"POST /p HTTP/1.0\r\n{H}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{LastChunk}");
        yield return ("chunked and length in HTTP/1.0", $"POST /p HTTP/1.0\r\n{H}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n{LastChunk}");
        yield return ("length hidden by Connection", Head($"{H}Connection: X-Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", "POST") + LastChunk);
        yield return ("length nominated by Connection", Head($"{H}Connection: Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", "POST") + LastChunk);
        yield return ("encoding nominated by Connection", Head($"{H}Connection: Transfer-Encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", "POST") + LastChunk);
        yield return ("chunked GET with length", Head($"{H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + LastChunk);
        yield return ("forged mark of an unfollowed length", Chunked(LastChunk, "X-Content-Length: 5\r\n"));
    }

    private static IEnumerable<(string, string)> Chunks()
    {
        string[] sizes =
        [
            "-1", "+5", "0x5", " 5", "\t5", "g", "", "5 5", "5,", "fffffffffffffffff", "ffffffffffffffff", "8000000000000000", "7fffffffffffffff1", "100000000", "80000000",
            "5\0", "\05", "5\v", "'5'",
        ];
        foreach (var size in sizes)
        {
            yield return ($"chunk size '{size}'", Chunked($"{size}\r\n01234\r\n{LastChunk}"));
        }

        yield return ("bare LF after a chunk size", Chunked($"5\n01234\r\n{LastChunk}"));
        yield return ("bare CR after a chunk size", Chunked($"5\r01234\r\n{LastChunk}"));
        yield return ("bare LF in a chunk extension", Chunked($"5;\n01234\r\n{LastChunk}"));
        yield return ("bare LF in a named chunk extension", Chunked($"5;a=b\nc\r\n01234\r\n{LastChunk}"));
        yield return ("bare CR in a chunk extension", Chunked($"5;a\rb\r\n01234\r\n{LastChunk}"));
        yield return ("chunk extension that hides a chunk", Chunked("2;\nxx\r\n4c\r\n0\r\n\r\n"));
        yield return ("bare LF in the last chunk's extension", Chunked("0;\n\r\n\r\n"));
        yield return ("no line end after a chunk", Chunked($"5\r\n01234{LastChunk}"));
        yield return ("bare LF after a chunk's data", Chunked($"5\r\n01234\n{LastChunk}"));
        yield return ("chunk longer than its size", Chunked($"5\r\n0123456\r\n{LastChunk}"));
        yield return ("chunk shorter than its size", Chunked($"5\r\n0123\r\n{LastChunk}"));
        yield return ("bare LF after the last chunk", Chunked("0\n\n"));
        yield return ("garbage after the last chunk", Chunked("0\r\nGET /p HTTP/1.1\r\n\r\n"));
        yield return ("folded trailer", Chunked("0\r\nX: a\r\n b\r\n\r\n"));
        yield return ("bare LF in a trailer", Chunked("0\r\nX: a\nY: b\r\n\r\n"));
        yield return ("trailer with a space before the colon", Chunked("0\r\nX : a\r\n\r\n"));
        yield return ("trailer without a name", Chunked("0\r\n: a\r\n\r\n"));
    }

    private static IEnumerable<(string, string)> HeaderLines()
    {
        foreach (var c in "\"(),/;<=>?@[\\]{}\u0001\b\u001f\x7f\u00e4")
        {
            yield return ($"name with {(int)c:x2}", Head($"{H}X{c}Y: 1\r\n"));
        }

        foreach (var c in "\0\u0001\b\v\f\u001b\u001f\x7f")
        {
            yield return ($"value with {(int)c:x2}", Head($"{H}X: a{c}b\r\n"));
        }

        yield return ("name with NUL", Head($"{H}X\0: 1\r\n"));
        yield return ("name with a space", Head($"{H}X Y: 1\r\n"));
        yield return ("name with a space behind", Head($"{H}X : 1\r\n"));
        yield return ("no name", Head($"{H}: 1\r\n"));
        yield return ("no colon", Head($"{H}X\r\n"));
        yield return ("pseudo-header", Head($"{H}:path: /smuggled\r\n"));
        yield return ("second request line", Head($"{H}GET /smuggled HTTP/1.1\r\n"));
    }

    private static IEnumerable<(string, string)> Targets()
    {
        string[] targets =
        [
            "?p", "HTTPS://localhost/p", "#", "/p#x", "/p\\x", "/p%5cx", "/p%2fx", "/p%2Fx", "/p%00", "/p%0d%0aX:1", "/p%0a", "/p%7f", "/p%1f", "/p%", "/p%2", "/p%zz", "/%c0%ae%c0%ae/x",
            "/%e0%80%af", "/%f0%80%80%af", "/p/..;x/y", "/p/.;/y", "/p/%2e%2e;/y", "/p\u0001", "/p\x7f", "/p\u00e4", "/p?x\u0001", "/p?x#y", "/p?x\u00e4", "/p\0", "/p x", "/p\tx",
            "/..%2f..%2fetc", "/..%5c..%5cetc", "/p%c1%9c",
            "https://other/p", "http://other/p", "https://localhost:1/p", "https://user@localhost/p", "https://localhost@other/p", "https://localhost\\p", "https://localhost\\@other/p",
            "https://localhost%2fp", "https:///localhost/p", "https:///p", "https:/localhost/p", "https:localhost/p", "https://", "://localhost/p", "ftp://localhost/p", "file:///etc/passwd",
            "file://localhost/p", "ws://localhost/p", "https://localhost/p%2fx", "https://localhost/p\\x", "https://localhost#/p", "x:https://localhost/p", "https://localhost:/p\u0001", "https://[::1]/p",
            "https://localhost./p", "//localhost/p HTTP/1.1 ",
        ];
        foreach (var target in targets)
        {
            yield return ($"target '{target}'", Head(H, target: target));
        }

        yield return ("OPTIONS *", Head(H, "OPTIONS", "*"));
        yield return ("no target", $"GET HTTP/1.1\r\n{H}\r\n");
        yield return ("no version", $"GET /p\r\n{H}\r\n");
        yield return ("two spaces", $"GET  /p HTTP/1.1\r\n{H}\r\n");
        yield return ("tab for a space", $"GET\t/p\tHTTP/1.1\r\n{H}\r\n");
        yield return ("something behind the version", $"GET /p HTTP/1.1 x\r\n{H}\r\n");
        yield return ("space before the method", $" GET /p HTTP/1.1\r\n{H}\r\n");
        yield return ("method that is no token", $"G{'{'}T /p HTTP/1.1\r\n{H}\r\n");
        yield return ("method with NUL", $"GET\0 /p HTTP/1.1\r\n{H}\r\n");
    }

    public static TheoryData<string> Refused
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var (name, _, _) in Payloads())
            {
                data.Add(Escaped(name));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task IsRefusedAndNothingBehindItIsRead(string name)
    {
        var (_, bytes, status) = Payloads().Single(payload => Escaped(payload.Name) == name);
        fixture.Witness.Forget();

        var answer = await Adversary.SendAsync(fixture.Gateway, bytes + Smuggled, Cancellation);

        Assert.Empty(fixture.Witness.Requests);
        Assert.Equal([status], answer.Statuses);
        Assert.True(answer.IsClosed, "the connection is open");
    }

    /// <summary>Name, bytes of one request, and the body that is its only honest reading.</summary>
    private static readonly (string Name, string Bytes, string Body)[] OneReading =
    [
        ("h2c upgrade", Head($"{H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), ""),
        ("h2c upgrade without settings", Head($"{H}Connection: Upgrade\r\nUpgrade: h2c\r\n"), ""),
        ("upgrade to SPDY", Head($"{H}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"), ""),
        ("upgrade to anything", Head($"{H}Connection: Upgrade\r\nUpgrade: anything\r\n"), ""),
        ("WebSocket by POST", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "POST"), ""),
        ("WebSocket with a body", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: 5\r\n") + "01234", "01234"),
        ("WebSocket of version 8", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("WebSocket without version", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("WebSocket of two versions", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("WebSocket with a short key", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"), ""),
        ("WebSocket and h2c", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("WebSocket and h2c in two lines", Head($"{H}Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("Upgrade without Connection", Head($"{H}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), ""),
        ("encoding with an underscore", Head($"{H}Transfer_Encoding: chunked\r\nContent-Length: {(LastChunk + Smuggled).Length}\r\n", "POST") + LastChunk + Smuggled, LastChunk + Smuggled),
        ("length with an underscore", Head($"{H}Content_Length: 99\r\nContent-Length: 5\r\n", "POST") + "01234", "01234"),
        ("encoding with a dot", Head($"{H}Transfer.Encoding: chunked\r\nContent-Length: 5\r\n", "POST") + LastChunk, LastChunk),
        ("request in the body of a GET", Head($"{H}Content-Length: {Smuggled.Length}\r\n") + Smuggled, Smuggled),
        ("request in the body of a DELETE", Head($"{H}Content-Length: {Smuggled.Length}\r\n", "DELETE") + Smuggled, Smuggled),
        ("request in a chunk", Chunked($"{Smuggled.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{Smuggled}\r\n{LastChunk}"), Smuggled),
        ("chunk size in capitals with zeros", Chunked($"000000A\r\n0123456789\r\n{LastChunk}"), "0123456789"),
        ("chunk extension", Chunked($"5;a=b;c=\"d\"\r\n01234\r\n{LastChunk}"), "01234"),
        ("trailers that forge", Chunked("5\r\n01234\r\n0\r\nX-Real-IP: 1.2.3.4\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\nHost: other\r\n\r\n"), "01234"),
        ("expectation that nobody knows", Head($"{H}Expect: y 100-continue\r\nContent-Length: 5\r\n", "POST") + "01234", "01234"),
        ("expectation with a body at once", Head($"{H}Expect: 100-continue\r\nContent-Length: {Smuggled.Length}\r\n", "POST") + Smuggled, Smuggled),
        ("length with zeros", Head($"{H}Content-Length: 0005\r\n", "POST") + "01234", "01234"),
        ("mark of an unfollowed length without one", Head($"{H}X-Content-Length: 5\r\n"), ""),
        ("absolute target", Head(H, target: "https://localhost/p"), ""),
        ("absolute target with dots", Head(H, target: "https://localhost/a/../p"), ""),
        ("empty line first", $"\r\nGET /p HTTP/1.1\r\n{H}\r\n", ""), // RFC 9112 section 2.2
        ("HTTP/1.0 kept alive", $"GET /p HTTP/1.0\r\n{H}Connection: keep-alive\r\n\r\n", ""),
    ];

    public static TheoryData<string> WithOneReading => [.. OneReading.Select(payload => payload.Name)];

    [Theory]
    [MemberData(nameof(WithOneReading))]
    public async Task ReachesTheServiceInItsOneReading(string name)
    {
        var (_, bytes, body) = OneReading.Single(payload => payload.Name == name);
        fixture.Witness.Forget();

        var answer = await Adversary.SendAsync(fixture.Gateway, bytes + "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Cancellation);

        Assert.Equal([200, 200], answer.Statuses.Where(status => status != 100));
        Assert.Equal(["/p", "/last"], fixture.Witness.Requests.Select(request => request.Target));
        var request = fixture.Witness.Requests.First();
        Assert.Equal(body, request.Body);
        Assert.Equal(["localhost"], request.Values("Host"));
        Assert.Single(request.Values("X-Real-IP"), "127.0.0.1");
        string[] hopByHop = ["Upgrade", "HTTP2-Settings", "Connection", "Transfer_Encoding", "Content_Length", "Transfer.Encoding", "X-Content-Length"];
        Assert.All(hopByHop, header => Assert.Empty(request.Values(header)));
        Assert.True(request.Values("Content-Length").Length + request.Values("Transfer-Encoding").Length <= 1);
    }

    [Fact]
    public async Task ALengthThatConnectionNamesStillCounts()
    {
        fixture.Witness.Forget();

        await Adversary.SendAsync(fixture.Gateway, Head($"{H}Connection: Content-Length\r\nContent-Length: {Smuggled.Length}\r\n", "POST") + Smuggled, Cancellation);

        Assert.Equal(Smuggled, Assert.Single(fixture.Witness.Requests).Body);
    }

    [Fact]
    public void TheTableIsLargeEnough() => Assert.True(Payloads().Count() >= 150, $"{Payloads().Count()} payloads");

    // Control characters would not survive the test runner.
    private static string Escaped(string name) =>
        string.Concat(name.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\x{(int)c:x2}"));
}
