using System.Buffers;
using System.Text;
using System.Text.Json;
using Backends.Video;
using Backends.Voice;
using Gateway.Acme;
using Gateway.Boundary;
using Gateway.Boundary.Access;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Hosting.Tls;
using Gateway.Proxying;
using Gateway.Proxying.Services;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Fuzz;

/// <summary>
/// The project's own parsers of what others wrote, each with what must hold for any bytes at all. What a parser throws by contract is
/// caught here; anything else is a finding. afl-fuzz calls them with what it makes up, the unit tests with the corpus.
/// </summary>
internal static class Parsers
{
    private static readonly Uri Url = new("https://ca.example/acme/1");

    public static IReadOnlyDictionary<string, Action<byte[]>> All { get; } = new SortedDictionary<string, Action<byte[]>>(StringComparer.Ordinal)
    {
        ["acme"] = Acme,
        ["answer"] = Answer,
        ["client-hello"] = Hello,
        ["configuration"] = Configuration,
        ["http2-frames"] = Http2Frames,
        ["jpeg"] = Jpeg,
        ["proxy-protocol"] = ProxyProtocol,
        ["request-target"] = RequestTarget,
        ["wav"] = Wav,
        ["websocket-frames"] = WebSocket,
    };

    /// <summary>A header is the same in one piece and byte by byte, and no longer than what came.</summary>
    private static void ProxyProtocol(byte[] bytes)
    {
        var whole = ReadProxyProtocol(new ReadOnlySequence<byte>(bytes));
        Hold(whole.Length <= bytes.Length, "longer than the input");
        for (var length = 1; length <= Math.Min(bytes.Length, 300); length++)
        {
            var part = ReadProxyProtocol(new ReadOnlySequence<byte>(bytes, 0, length));
            if (part.IsDecided)
            {
                Hold(part == whole, $"{part} after {length} bytes, {whole} after all");
                break;
            }
        }
    }

    private static (bool IsDecided, string? Source, int Length) ReadProxyProtocol(ReadOnlySequence<byte> bytes)
    {
        try
        {
            var isDecided = ProxyProtocolHeader.TryRead(bytes, out var header, out var length);
            return (isDecided, header is null ? null : $"{header.Source}", length);
        }
        catch (InvalidDataException)
        {
            return (true, "unreadable", 0);
        }
    }

    /// <summary>A service's head has the same end in one piece and byte by byte, and what is no head says so in one way.</summary>
    private static void Answer(byte[] bytes)
    {
        var length = AnswerHead.LengthIn(bytes, 0);
        for (var part = 1; part <= Math.Min(bytes.Length, 2000); part++)
        {
            var found = AnswerHead.LengthIn(bytes.AsSpan(0, part), part - 1);
            Hold(found == 0 || found == length, $"{found} bytes after {part}, {length} after all");
            Hold(found != 0 || length == 0 || part < length, $"no end after {part} bytes, {length} after all");
            if (found != 0)
            {
                break;
            }
        }

        try
        {
            var head = new AnswerHead();
            head.Read(bytes.AsSpan(0, length));
            // What a connection's former answer has left behind is nobody's.
            var next = new AnswerHead();
            next.Read("HTTP/1.0 404 No\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\nKeep-Alive: timeout=5\r\nX: 1\r\n\r\n"u8);
            next.Read(bytes.AsSpan(0, length));
            Hold(Text(head) == Text(next), "another head after a former one");
            Hold(head.Length is null or >= 0, "a negative length");
            Hold(!head.IsChunked || head.IsEncoded, "chunked without an encoding");
            foreach (var (name, value) in head.Headers)
            {
                Hold(!$"{name}{value}".Contains('\n'), "a header of two lines");
            }

            Hold(ChunkedBody.SizeIn(bytes.AsSpan(length)) >= 0, "a negative size");
        }
        catch (HttpRequestException)
        {
        }
    }

    private static string Text(AnswerHead head) =>
        $"{head.Status} {head.ReasonPhrase} {string.Join('\n', head.Headers.ToArray())} {head.Length} {head.IsChunked} {head.IsEncoded} {head.KeepsAlive} {head.Patience}";

    /// <summary>What has been decided stays, whatever comes behind, and all pieces tell the same.</summary>
    private static void Hello(byte[] bytes)
    {
        var isDecided = ClientHello.TryRead(new ReadOnlySequence<byte>(bytes), out var whole);
        Hold(isDecided || whole is null, "a hello before it is there");
        for (var length = 0; length < bytes.Length; length = (length * 2) + 1)
        {
            if (ClientHello.TryRead(new ReadOnlySequence<byte>(bytes, 0, length), out var part))
            {
                Hold(isDecided && part?.ServerName == whole?.ServerName && (part is null) == (whole is null), $"{part} after {length} bytes, {whole} after all");
                break;
            }
        }
    }

    /// <summary>Whatever a CA answers, and whatever stands in front of it: an object, or an exception that says so in one line.</summary>
    private static void Acme(byte[] bytes)
    {
        var answer = new AcmeAnswer("read it", Url, 200, bytes) { ContentType = "application/problem+json" };
        Action<AcmeAnswer>[] readers =
        [
            a => Hold(a.Read(AcmeJson.Default.AcmeDirectory).Meta is { Profiles: not null, CaaIdentities: not null }, "a null where none may be"),
            a => Hold(a.Read(AcmeJson.Default.AccountStatus) is { Status: not null, Contact: not null }, "a null where none may be"),
            a => Visit(AcmeOrder.Read(a, Url)),
            a => Visit(AcmeAuthorization.Read(a)),
            a => RenewalInfo.Read(a),
            a => a.Read(AcmeJson.Default.Jws),
            a => a.Read(AcmeJson.Default.JwsHeader),
            a => a.Read(AcmeJson.Default.JsonWebKey),
            a => CertificateChain.Read(a),
        ];
        foreach (var read in readers)
        {
            try
            {
                read(answer);
            }
            catch (AcmeException exception)
            {
                HoldOneLine(exception.Message);
            }
        }

        HoldOneLine(AcmeException.Refused("read it", answer).Message);
        foreach (var url in LinkHeader.Targets(Url, [Encoding.Latin1.GetString(bytes)], "alternate"))
        {
            Hold(url.IsAbsoluteUri, "a relative target");
        }

        try
        {
            JsonWebKeys.Parse(bytes);
        }
        catch (FormatException)
        {
            // No key set.
        }
    }

    private static void Visit(AcmeOrder order)
    {
        HoldOneLine(order.Error?.ToString() ?? "");
        _ = order.Names;
        foreach (var authorization in order.Authorizations)
        {
            _ = authorization.OriginalString;
        }
    }

    private static void Visit(AcmeAuthorization authorization)
    {
        _ = authorization.IsDecided;
        foreach (var challenge in authorization.Challenges)
        {
            HoldOneLine(challenge.Error?.ToString() ?? "");
            _ = challenge.Url.OriginalString;
        }
    }

    /// <summary>A file, and behind a NUL the environment, a variable a line: errors, each with its words on one line, or none; never an exception.</summary>
    private static void Configuration(byte[] bytes)
    {
        var end = Array.IndexOf(bytes, (byte)0) is var nul and >= 0 ? nul : bytes.Length;
        var environment = new Dictionary<string, string>();
        foreach (var line in Encoding.Latin1.GetString(bytes.AsSpan(end)).Split('\n', '\0'))
        {
            if (line.Split('=', 2) is [{ Length: > 0 } name, var value])
            {
                environment[name] = value;
            }
        }

        var result = ConfigurationReader.Read("gateway.json", bytes[..end], environment);
        foreach (var error in result.Errors)
        {
            HoldOneLine(error.ToString());
        }
    }

    /// <summary>Every sample is from -1 to 1, and there are no more than the bytes hold.</summary>
    private static void Wav(byte[] bytes)
    {
        try
        {
            var decoder = WavDecoder.Open(new MemoryStream(bytes));
            Span<float> samples = stackalloc float[512];
            var count = 0;
            while (decoder.Read(samples) is var read and > 0)
            {
                count += read;
                foreach (var sample in samples[..read])
                {
                    Hold(sample is >= -1f and <= 1f, $"a sample of {sample}");
                }
            }

            Hold(count <= bytes.Length, $"{count} samples");
        }
        catch (AudioException)
        {
            // No such file.
        }
    }

    private static void Jpeg(byte[] bytes)
    {
        var problem = JpegHeader.Read(bytes, out var header);
        Hold(problem is not null || header is { Width: > 0, Height: > 0 }, "a picture without a size");
    }

    /// <summary>In pieces as in one.</summary>
    private static void WebSocket(byte[] bytes)
    {
        var (whole, pieces) = (new WebSocketFrames(), new WebSocketFrames());
        whole.Observe(bytes);
        for (var at = 0; at < bytes.Length; at += 3)
        {
            pieces.Observe(bytes.AsSpan(at, Math.Min(3, bytes.Length - at)));
        }

        Hold((whole.Bytes, whole.Closed, whole.CloseCode, whole.BytesToBoundary) == (pieces.Bytes, pieces.Closed, pieces.CloseCode, pieces.BytesToBoundary), "not the same in pieces");
        Hold(whole.BytesToBoundary >= 0, "a negative rest");
    }

    /// <summary>How a client cuts its frames into pieces makes no difference.</summary>
    private static void Http2Frames(byte[] bytes)
    {
        var whole = new ControlFrameCounter();
        var counted = whole.Count(new ReadOnlySequence<byte>(bytes));
        Hold(counted >= 0, "less than none");
        foreach (var length in new[] { 1, 2, 7 })
        {
            var pieces = new ControlFrameCounter();
            var sum = 0L;
            for (var at = 0; at < bytes.Length; at += length)
            {
                sum += pieces.Count(new ReadOnlySequence<byte>(bytes, at, Math.Min(length, bytes.Length - at)));
            }

            Hold(sum == counted, $"{sum} in pieces of {length}, {counted} in one");
        }
    }

    /// <summary>What is let through has no dot segments at the service, and resolving it once more changes nothing.</summary>
    private static void RequestTarget(byte[] bytes)
    {
        var target = Encoding.Latin1.GetString(bytes);
        if (target.Length == 0 || TargetRules.Violation(target) is not null)
        {
            return;
        }

        _ = TargetRules.HasEncodedSlash(target) && TargetRules.HasEncodedClimb(target);
        var without = QueryParameter.Without(target, "key");
        Hold(QueryParameter.Values(without[Math.Max(0, without.IndexOf('?', StringComparison.Ordinal))..], "key").Count == 0, "a parameter that was taken out is there");
        if (AtService(target) is { } path)
        {
            foreach (var segment in path.Split('?')[0].Split('/'))
            {
                Hold(Proxying.RequestTarget.DotsIn(segment) is not (1 or 2), $"dots in {path}");
            }

            Hold(AtService(path) == path, $"{path} becomes {AtService(path)}");
        }
    }

    private static string? AtService(string target)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return Proxying.RequestTarget.AtService(context, "http://service")?.OriginalString["http://service".Length..];
    }

    private static void HoldOneLine(string text) => Hold(!text.Any(c => c is '\n' or '\r' or '\u001b' or '\0'), $"control characters in {JsonSerializer.Serialize(text)}");

    private static void Hold(bool isTrue, string otherwise)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
