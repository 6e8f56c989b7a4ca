using Gateway.EndToEnd.Certificates;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Proxying;

/// <summary>nginx with the configuration that gateway.json replaces, as a program of the test.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly RunningProgram _program;

    private NginxProcess(RunningProgram program, int port) => (_program, Port) = (program, port);

    public int Port { get; }

    public static async Task<NginxProcess> StartAsync(TestFolder folder, string service)
    {
        var path = Require.Tool("nginx");
        var port = Ports.Free();
        var pair = PemPair.Create();
        folder.Write("nginx/server.crt", pair.Certificate);
        folder.Write("nginx/server.key", pair.Key);
        var prefix = folder["nginx"];
        var proxy = $"""
            proxy_pass {service};
                        proxy_http_version 1.1;
                        proxy_set_header Host $host;
                        proxy_set_header X-Real-IP $remote_addr;
            """;
        var configuration = folder.Write("nginx/nginx.conf", $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes 1;
            pid {{prefix}}/nginx.pid;
            error_log stderr notice;
            events { worker_connections 64; }
            http {
                access_log off;
                client_max_body_size 100m;
                client_body_temp_path {{prefix}}/body;
                proxy_temp_path {{prefix}}/proxy;
                fastcgi_temp_path {{prefix}}/fastcgi;
                uwsgi_temp_path {{prefix}}/uwsgi;
                scgi_temp_path {{prefix}}/scgi;
                server {
                    listen 127.0.0.1:{{port}} ssl;
                    server_name _;
                    ssl_certificate {{prefix}}/server.crt;
                    ssl_certificate_key {{prefix}}/server.key;
                    location /api/ {
                        {{proxy}}
                    }
                    location /ws/ {
                        {{proxy}}
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection "upgrade";
                    }
                    location / {
                        {{proxy}}
                    }
                }
            }
            """);
        var nginx = new NginxProcess(RunningProgram.Start(path, ["-p", prefix, "-c", configuration, "-e", "stderr"], folder), port);
        try
        {
            await nginx._program.WaitForLineAsync("start worker process ");
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }

        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        // It writes its title over the environment by which the harness would find it and its worker.
        _program.Terminate();
        await _program.WaitForExitAsync();
        await _program.DisposeAsync();
    }
}
