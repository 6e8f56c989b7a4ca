using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Explain;
using Gateway.Hosting;
using Gateway.Tests.Boundary;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Explain;

public sealed class AgreementTests(ITestOutputHelper output)
{
    private const int Scenarios = 200;

    // Error pages hold the request's id, whose length differs.
    private static readonly string[] NotCompared = ["Date", "Content-Length", "Connection", "X-Request-Id"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ExplainAgreesWithWhatARealRequestDoes()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "site"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "site", "index.html"), "<p>home</p>", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "site", "app.js"), "1", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "maintenance"), "", Cancellation);
        // One that browsers trust, which matters for what the gateway tells them.
        using var leaf = TestIssuer.Shared.Issue(["a.example", "*.c.example"]);
        folder.Write("leaf.pem", TestIssuer.Shared.Chain(leaf));
        folder.Write("leaf.key", TestIssuer.Key(leaf));
        await using var one = new Witness(Answer);
        await using var two = new Witness(Answer);
        var surroundings = new Surroundings([one.Address, two.Address], folder.Path, FreePort(), FreePort());

        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var disagreements = new List<string>();
        var (compared, forwarded) = (0, 0);
        foreach (var scenario in GeneratedScenario.Some(surroundings, seed: 7, 4 * Scenarios))
        {
            if (compared == Scenarios)
            {
                break;
            }

            var path = Path.Combine(folder.Path, "gateway.json");
            await File.WriteAllTextAsync(path, scenario.File.ToJsonString(), Cancellation);
            var (configuration, errors) = ConfigurationReader.Read(path, new Dictionary<string, string>());
            if (errors.Count > 0)
            {
                Assert.All(errors, error => Assert.Matches("same|never used", error.ToString()));
                continue;
            }

            one.Forget();
            two.Forget();
            compared++;
            var request = ExplainedRequest.Parse(scenario.RequestUrl, scenario.Method, scenario.Headers, IPAddress.Loopback, out var problem);
            Assert.Equal("", problem);
            var explanation = await Explainer.ExplainAsync(configuration, HostMode.Run, null, request!, TimeProvider.System, Cancellation);
            Assert.Empty(one.Requests.Concat(two.Requests));
            forwarded += explanation.Destination is null ? 0 : 1;
            var real = await RealAsync(path, request!, scenario.BodySize, [one, two]);
            var predicted = Predicted(explanation, [one, two]);
            if (predicted != real)
            {
                disagreements.Add($"explain: {explanation.Outcome}\n{predicted}\nreal:\n{real}\n{scenario}\n");
            }

            var kind = Regex.Replace(explanation.Outcome, @"'[^']*'|\(http[^)]*\)|https?://\S+(?=:)|/moved\S*", "…");
            outcomes[kind] = outcomes.GetValueOrDefault(kind) + 1;
        }

        foreach (var (kind, times) in outcomes)
        {
            output.WriteLine($"{times,4} {kind}");
        }

        Assert.Equal(Scenarios, compared);
        Assert.True(disagreements.Count == 0, $"{disagreements.Count} of {compared}\n" + string.Join("\n", disagreements.Take(5)));
        // A generator that only makes requests that are refused alike would show nothing.
        Assert.True(outcomes.Count >= 15, string.Join('\n', outcomes));
        Assert.True(forwarded >= Scenarios / 5, $"only {forwarded} reached a service");
    }

    private static string Predicted(Explanation explanation, Witness[] witnesses)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"status {explanation.Status}");
        if (explanation.Destination is { } destination)
        {
            var index = Array.FindIndex(witnesses, witness => destination.StartsWith(witness.Address, StringComparison.Ordinal));
            text.AppendLine(CultureInfo.InvariantCulture, $"route {explanation.Route} service {index} {explanation.Method} {explanation.Target}");
            Append(text, explanation.HeadersAtService);
        }

        text.AppendLine("answer");
        Append(text, explanation.ResponseHeaders.Where(header => !NotCompared.Contains(header.Key, StringComparer.OrdinalIgnoreCase)));
        return text.ToString();
    }

    private static async Task<string> RealAsync(string path, ExplainedRequest request, int bodySize, Witness[] witnesses)
    {
        await using var gateway = await TestGateway.StartAsync(path, ownCertificates: true);
        var (status, headers) = await AskAsync(request, bodySize);
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"status {status}");
        if (Array.FindIndex(witnesses, witness => witness.Requests.Count > 0) is var index and >= 0)
        {
            var received = Assert.Single(witnesses.SelectMany(witness => witness.Requests));
            var logged = await gateway.Log.WaitForAsync(line => line.Properties.ContainsKey("Route") && line.Category.EndsWith("AccessLog", StringComparison.Ordinal), Cancellation);
            text.AppendLine(CultureInfo.InvariantCulture, $"route {logged.Properties["Route"]} service {index} {received.Head.Split(' ')[0]} {received.Target}");
            Append(text, Headers(received.Head));
        }

        text.AppendLine("answer");
        Append(text, headers.Where(header => !NotCompared.Contains(header.Key, StringComparer.OrdinalIgnoreCase)));
        return text.ToString();
    }

    private static void Append(StringBuilder text, IEnumerable<KeyValuePair<string, string>> headers)
    {
        foreach (var line in headers.Select(header => $"  {header.Key.ToLowerInvariant()}: {header.Value}").Order(StringComparer.Ordinal))
        {
            text.AppendLine(line);
        }
    }

    private static async Task<(string Status, IEnumerable<KeyValuePair<string, string>> Headers)> AskAsync(ExplainedRequest request, int bodySize)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, request.Port, Cancellation);
        Stream stream = new NetworkStream(socket);
        try
        {
            if (request.IsHttps)
            {
                var tls = new SslStream(stream, false, static (_, shown, _, _) => shown is not null);
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = request.Host }, Cancellation);
                stream = tls;
            }

            await stream.WriteAsync((byte[])[.. request.ToBytes(), .. new byte[bodySize]], Cancellation);
            var head = "";
            var buffer = new byte[16 * 1024];
            while (!head.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                var read = await stream.ReadAsync(buffer, Cancellation);
                if (read == 0)
                {
                    return ("", []);
                }

                head += Encoding.Latin1.GetString(buffer, 0, read);
            }

            head = head[..head.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
            return (head.Split(' ')[1], Headers(head));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return ("", []);
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Headers(string head) =>
        head.Split("\r\n").Skip(1).Select(line => line.Split(':', 2)).Select(parts => KeyValuePair.Create(parts[0], parts[1].Trim()));

    private static string Answer(Testimony request) => request.Values("Upgrade") is ["websocket"]
        ? "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nServer: service\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: service\r\n\r\n";

    // Below those that the system hands out by itself: other tests get theirs there, also between two gateways of this one.
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }
}
