using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.EndToEnd.Certificates;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Systemd;

/// <summary>The same twenty reloads under the same load for nginx, HAProxy and the gateway; <c>tests/reload-comparison</c> prints the table.</summary>
public sealed class ReloadComparisonTests
{
    private const int Reloads = 20;
    private const int Calls = 100;

    private static readonly TimeSpan BetweenReloads = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task MeasuresAllThree()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(InstalledGateway.AnswerAsync);
        var rows = new List<string>
        {
            "| | requests answered | refused | cut or without an answer | 5xx | idle connections closed | calls still open |",
            "|---|---|---|---|---|---|---|",
            await GatewayAsync(folder, service.Address),
            await NginxAsync(folder, new Uri(service.Address)),
            await HaproxyAsync(folder, new Uri(service.Address)),
        };

        await File.WriteAllLinesAsync(Environment.GetEnvironmentVariable("RELOAD_COMPARISON_TABLE") ?? folder["table"], rows, Cancellation);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', rows));
        Assert.StartsWith("| gateway (SIGHUP) | ", rows[2], StringComparison.Ordinal);
        Assert.EndsWith($" | {Calls} |", rows[2], StringComparison.Ordinal);
    }

    private static async Task<string> GatewayAsync(TestFolder folder, string service)
    {
        var json = new GatewayJson().Https().To(service).Set("Serilog:MinimumLevel:Override:Gateway.Observability", "Warning");
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        return await MeasureAsync("gateway (SIGHUP)", json.HttpsPort!.Value, i =>
        {
            folder.Write("gateway.json", json.Set("Gateway:Limits:MaxRequestBodySize", 1_000_000 + i).ToString());
            ProcessFamily.Send(gateway.Program.ProcessId, 1);
            return Task.CompletedTask;
        });
    }

    private static async Task<string> NginxAsync(TestFolder folder, Uri service)
    {
        var nginx = Require.Tool("nginx");
        var (port, prefix) = (Ports.Free(), folder["nginx"]);
        var pair = PemPair.Create();
        folder.Write("nginx/server.crt", pair.Certificate);
        folder.Write("nginx/server.key", pair.Key);
        var configuration = folder.Write("nginx/nginx.conf", $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes auto;
            pid {{prefix}}/nginx.pid;
            error_log stderr warn;
            events { worker_connections 8192; }
            http {
                access_log off;
                client_body_temp_path {{prefix}}/body;
                proxy_temp_path {{prefix}}/proxy;
                fastcgi_temp_path {{prefix}}/fastcgi;
                uwsgi_temp_path {{prefix}}/uwsgi;
                scgi_temp_path {{prefix}}/scgi;
                map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
                server {
                    listen 127.0.0.1:{{port}} ssl;
                    ssl_certificate {{prefix}}/server.crt;
                    ssl_certificate_key {{prefix}}/server.key;
                    location / {
                        proxy_pass http://{{service.Authority}};
                        proxy_http_version 1.1;
                        proxy_set_header Host $host;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                        proxy_read_timeout 1h;
                    }
                }
            }
            """);
        string[] options = ["-p", prefix, "-c", configuration, "-e", "stderr"];
        await using var program = RunningProgram.Start(nginx, options, folder);
        await ListensAsync(port);
        var row = await MeasureAsync("nginx 1.22 (`nginx -s reload`)", port, async _ =>
        {
            var reload = await RunningProgram.RunAsync(nginx, [.. options, "-s", "reload"], folder);
            Assert.True(reload.ExitCode == 0, reload.ToString());
        });
        // It writes its title over the environment by which the harness would find it and its workers.
        program.Terminate();
        await program.WaitForExitAsync();
        return row;
    }

    private static async Task<string> HaproxyAsync(TestFolder folder, Uri service)
    {
        var haproxy = Require.Tool("haproxy");
        var port = Ports.Free();
        var pair = PemPair.Create();
        folder.Write("haproxy.pem", pair.Certificate + pair.Key);
        var configuration = folder.Write("haproxy.cfg", $"""
            global
                maxconn 8192
            defaults
                mode http
                timeout connect 10s
                timeout client 1h
                timeout server 1h
            frontend web
                bind 127.0.0.1:{port} ssl crt {folder["haproxy.pem"]}
                default_backend service
            backend service
                server one {service.Authority}

            """);
        var running = new List<RunningProgram> { RunningProgram.Start(haproxy, ["-db", "-f", configuration], folder) };
        try
        {
            await ListensAsync(port);
            return await MeasureAsync("HAProxy 2.6 (`-sf`)", port, _ =>
            {
                var before = running[^1].ProcessId.ToString(CultureInfo.InvariantCulture);
                running.Add(RunningProgram.Start(haproxy, ["-db", "-f", configuration, "-sf", before], folder));
                return Task.CompletedTask;
            });
        }
        finally
        {
            foreach (var program in running)
            {
                await program.DisposeAsync();
            }
        }
    }

    private static async Task<string> MeasureAsync(string name, int port, Func<int, Task> reload)
    {
        async ValueTask<Socket> ConnectAsync(CancellationToken cancellationToken)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        using var handler = InstalledGateway.AnyCertificate(new SocketsHttpHandler { UseProxy = false });
        var calls = await InstalledGateway.OpenCallsAsync(Calls, handler, new Uri($"wss://localhost:{port}/ws/call"));
        await using var load = new MixedLoad(ConnectAsync, InstalledGateway.AnswerLength).Start();
        using var timer = new PeriodicTimer(BetweenReloads);
        for (var i = 0; i < Reloads; i++)
        {
            await timer.WaitForNextTickAsync(Cancellation);
            await reload(i);
        }

        await timer.WaitForNextTickAsync(Cancellation);
        var result = await load.StopAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {result}");
        var open = await Task.WhenAll(calls.Select(IsAliveAsync));
        calls.ToList().ForEach(c => c.Abort());
        return $"| {name} | {result.Answered} | {result.Refused} | {result.Truncated} | {result.ServerErrors} | {result.IdleCloses} | {open.Count(o => o)} |";
    }

    private static async Task<bool> IsAliveAsync(ClientWebSocket call)
    {
        try
        {
            await call.SendAsync("still there"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
            return (await call.ReceiveAsync(new byte[100], Cancellation)).MessageType == WebSocketMessageType.Text;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    private static async Task ListensAsync(int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
        }
    }
}
