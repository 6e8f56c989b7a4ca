using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Boundary;

/// <summary>Paths made up at random out of what has fooled proxies: the route that is taken and the path that its service reads agree.</summary>
public sealed class PathTests
{
    private static readonly string[] RouteNames = ["api", "ws", "files", "web"];

    private static readonly string[] Segments =
    [
        "api", "API", "Api", "ws", "Ws", "files", "FILES", "%61pi", "a%70i", "%77s", "%57%53", "f%69les", "web", "x", "y.z", "a-b_c~d", "", "", "..", "..", ".", "...", "....", ".x", "x.", "..x",
        "%2e%2e", "%2E%2e", ".%2e", "%2e.", "%2e", "%2e%2e%2e", "%252e%252e", "%25", "%252f", "%255c", "%2525", "%C3%A9", "%e4%bd%a0", "%F0%9F%98%80", "%ff", "%c3", "%80", "%20", "%3f", "%23", "%26", "%3d",
        "+", "*", "!", "$", "&", "'", "(", ")", ",", "=", ":", "@", ";", "api;x", "ws;y=z", "x;", ";x", "%3b",
    ];

    // Each of these is refused wherever it stands, so that they are rare here: a connection ends with each.
    private static readonly string[] Refused =
    [
        "%2f", "%2F", "..%2f", "%2f..", "%2e%2e%2f", "a%2fb", "%5c", "..%5c", "\\", "..\\", "%00", "%0a", "%0d%0a", "%7f", "%c0%ae", "%c0%ae%c0%ae", "%c0%af", "%e0%80%af", "%f0%80%80%af", "..;", "..;x", ".;", "%2e%2e;", "..%3b",
        "%", "%2", "%zz", "%u002e", "#", "\u0001", "\"<>", "\u00e4",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Gen<string> Paths
    {
        get
        {
            var segment = Gen.Frequency((400, Gen.Elements(Segments)), (3, Gen.Elements(Refused)), (60, Gen.Elements("api", "ws", "files", "..")));
            var path = from count in Gen.Choose(1, 6)
                       from segments in Gen.ArrayOf(segment, count)
                       select "/" + string.Join('/', segments);
            return from scheme in Gen.Frequency((30, Gen.Constant("")), (1, Gen.Constant("http://localhost")))
                   from text in path
                   from query in Gen.Frequency((6, Gen.Constant("")), (1, Gen.Elements("?", "?x=/../api", "?%2f%5c", "?a?b\\c", "?..;/", "??")))
                   select scheme + text + query;
        }
    }

    [Fact]
    public async Task RouteAndServiceAgreeOnAHundredThousandPaths()
    {
        await using var app = await StartAsync(TestServices("http://{0}.test"), services => services.AddSingleton<IForwarderHttpClientFactory>(new EchoingClients()));
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        string[] paths = [.. Paths.Sample(100_000, 50)];

        // Two connections at a time keep two processors busy.
        var halves = await Task.WhenAll(paths.Chunk(50_000).Select(half => AskAsync(half, port)));

        string[] disagreements = [.. halves.SelectMany(half => half).Select(Disagreement).OfType<string>()];
        Assert.True(disagreements.Length == 0, $"{disagreements.Length} disagreements, among them: {string.Join("; ", disagreements.Take(10))}");
        var served = halves.SelectMany(half => half).Count(asked => asked.Status == 200);
        Assert.True(served > 80_000, $"only {served} were served");
    }

    [Fact]
    public async Task RouteAndServiceAgreeOverTheWire()
    {
        var witnesses = RouteNames.ToDictionary(name => name, name => new Witness(request => Answer(name, request.Target)));
        await using (var app = await StartAsync(name => witnesses[name].Address, _ => { }))
        {
            var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

            var asked = await AskAsync([.. Paths.Sample(2_000, 50)], port);

            Assert.Empty(asked.Select(Disagreement).OfType<string>());
        }

        foreach (var witness in witnesses.Values)
        {
            await witness.DisposeAsync();
        }
    }

    private sealed record Asked(string Target, int Status, string Route, string Received);

    /// <returns>What went wrong; null when the route is the one that the service would expect.</returns>
    private static string? Disagreement(Asked asked)
    {
        var path = PathOf(asked.Target);
        if (asked.Status != 200)
        {
            return asked.Status == 400 && !IsPlain(path) ? null : $"'{asked.Target}' was refused with {asked.Status}";
        }

        // Some services take an encoded slash for a slash. Where it is allowed, both readings have to lead to the same route.
        var received = PathOf(asked.Received);
        var read = RouteOf(Decode(received));
        var readOtherwise = RouteOf(Decode(received.Replace("%2f", "%252f", StringComparison.OrdinalIgnoreCase)));
        return read == asked.Route && readOtherwise == asked.Route
            ? null
            : $"'{asked.Target}' took the route {asked.Route} and arrived as '{asked.Received}', which is {read}";
    }

    // As a service does: percent-decoding once, then dot segments; a backslash is a slash to some, and parameters hide dots from others.
    private static string Decode(string path)
    {
        var octets = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '%')
            {
                octets.Append((char)int.Parse(path.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                octets.Append(path[i]);
            }
        }

        var segments = new List<string>();
        foreach (var segment in octets.Replace('\\', '/').ToString()[1..].Split('/'))
        {
            var name = segment.Split(';')[0];
            if (name is "." or "..")
            {
                if (name == ".." && segments.Count > 0)
                {
                    segments.RemoveAt(segments.Count - 1);
                }
            }
            else
            {
                segments.Add(segment);
            }
        }

        return "/" + string.Join('/', segments);
    }

    // Two slashes are one, as to many services. One to which they are two finds a path that none of its own begins with.
    private static string RouteOf(string path) =>
        RouteNames[..3].FirstOrDefault(name => path.Split('/', StringSplitOptions.RemoveEmptyEntries) is [var first, ..] && first.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? "web";

    // Nothing that anybody could read in two ways, by the standard alone.
    private static bool IsPlain(string path) =>
        Regex.IsMatch(path, "^(/([a-z0-9._~!$&'()*+,=:@-]|%(?!2f|3b|5c|7f)[2-7][0-9a-f]|%c3%a9|%e4%bd%a0|%f0%9f%98%80)*)+$", RegexOptions.IgnoreCase);

    private static string PathOf(string target)
    {
        var path = target.StartsWith("http://localhost", StringComparison.Ordinal) ? target["http://localhost".Length..] : target;
        return path.Split('?')[0];
    }

    /// <summary>Asks for one path after the other, many at a time on one connection; a new one after each refusal, which ends it.</summary>
    private static async Task<List<Asked>> AskAsync(string[] targets, int port)
    {
        const int AtOnce = 100;
        var atOnce = AtOnce;
        var asked = new List<Asked>(targets.Length);
        while (asked.Count < targets.Length)
        {
            using var tcp = new TcpClient { NoDelay = true };
            await tcp.ConnectAsync(IPAddress.Loopback, port, Cancellation);
            await using var stream = new BufferedStream(tcp.GetStream(), 64 * 1024);
            var isOpen = true;
            while (isOpen && asked.Count < targets.Length)
            {
                var batch = targets.AsSpan(asked.Count, Math.Min(atOnce, targets.Length - asked.Count)).ToArray();
                var requests = Encoding.Latin1.GetBytes(string.Concat(batch.Select(target => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")));
                try
                {
                    await tcp.GetStream().WriteAsync(requests, Cancellation);
                    for (var i = 0; i < batch.Length && isOpen; i++)
                    {
                        var answer = await ReadAsync(stream);
                        asked.Add(answer with { Target = batch[i] });
                        isOpen = answer.Status == 200;
                    }

                    atOnce = AtOnce;
                }
                catch (IOException)
                {
                    // What stands behind a refused request is not read, and may reset the connection before the refusal is.
                    (isOpen, atOnce) = (false, 1);
                }
            }
        }

        return asked;
    }

    private static async Task<Asked> ReadAsync(Stream stream)
    {
        var (status, length) = (0, 0);
        while (await ReadLineAsync(stream) is { Length: > 0 } line)
        {
            if (line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
            {
                status = int.Parse(line.AsSpan(9, 3), CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line.AsSpan(16), CultureInfo.InvariantCulture);
            }
        }

        var body = new byte[length];
        await stream.ReadExactlyAsync(body, Cancellation);
        var text = Encoding.Latin1.GetString(body);
        return status == 200 ? new Asked("", status, text[..text.IndexOf(' ', StringComparison.Ordinal)], text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]) : new Asked("", status, "", "");
    }

    private static async ValueTask<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, Cancellation) > 0)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        throw new IOException("The connection has ended.");
    }

    private static Func<string, string> TestServices(string format) => name => string.Format(CultureInfo.InvariantCulture, format, name);

    private static async Task<WebApplication> StartAsync(Func<string, string> address, Action<IServiceCollection> change)
    {
        var configuration = new GatewayConfiguration
        {
            FilePath = "gateway.json",
            Routes = [.. RouteNames.Select(name => new RouteConfig
            {
                RouteId = name,
                ClusterId = name,
                Match = new RouteMatch { Path = name == "web" ? "/{**rest}" : $"/{name}/{{**rest}}" },
                Metadata = name == "files" ? new Dictionary<string, string> { ["EncodedSlashes"] = "true" } : null,
            })],
            Clusters = [.. RouteNames.Select(name => new ClusterConfig
            {
                ClusterId = name,
                Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = address(name) } },
            })],
        };
        var app = GatewayHost.Build(
            configuration.WithEndpoint("http", "http://127.0.0.1:0"), HostMode.Run, TestConfiguration.Certificates(new ServedCertificates(TimeProvider.System)), customize: builder =>
            {
                builder.Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
                change(builder.Services);
            });
        await app.StartAsync(Cancellation);
        return app;
    }

    private static string Answer(string route, string target) =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {route.Length + 1 + target.Length}\r\n\r\n{route} {target}");

    /// <summary>Stands where the connections to services would be, and answers with what would be written to them.</summary>
    private sealed class EchoingClients : IForwarderHttpClientFactory
    {
        public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => new(new Echo());

        private sealed class Echo : HttpMessageHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
                Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
                {
                    RequestMessage = request,
                    Content = WithLength(Encoding.Latin1.GetBytes($"{request.RequestUri!.Host.Split('.')[0]} {request.RequestUri.PathAndQuery}")),
                });

            private static ByteArrayContent WithLength(byte[] bytes) => new(bytes) { Headers = { ContentLength = bytes.Length } };
        }
    }
}
