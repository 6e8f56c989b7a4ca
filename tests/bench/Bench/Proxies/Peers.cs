namespace Bench.Proxies;

/// <summary>nginx, HAProxy and Caddy, each configured as the gateway is: TLS 1.2 and 1.3, HTTP/2, two workers or threads, connections to the
/// service kept open, the same headers to the service, uploads streamed up to 100 MB, a line for each request in a file.</summary>
internal static class Peers
{
    public static IReadOnlyList<Proxy> All { get; } =
    [
        new("nginx", "nginx", Nginx) { IsPeer = true, VersionCommand = ["nginx", "-v"] },
        new("haproxy", "HAProxy", HAProxy) { IsPeer = true, VersionCommand = ["haproxy", "-v"] },
        new("caddy", "Caddy", Caddy)
        {
            IsPeer = true,
            VersionCommand = ["caddy", "version"],
            Environment = new Dictionary<string, string> { ["GOMAXPROCS"] = "2" },
        },
        new("nginx-old", "nginx, old configuration", OldNginx) { HasHttp2 = false, VersionCommand = ["nginx", "-v"] },
    ];

    private static string[] Nginx(Site site) => StartNginx(site, $$"""
        upstream service {
          server 127.0.0.1:{{site.ServicePort}};
          keepalive 256;
          keepalive_requests 1000000000;
        }
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        server {
          listen 127.0.0.1:{{site.Port}} ssl http2 backlog=4096;
          server_name localhost;
          ssl_certificate {{site.Credentials.CertificatePath}};
          ssl_certificate_key {{site.Credentials.KeyPath}};
          ssl_protocols TLSv1.2 TLSv1.3;
          ssl_session_cache shared:tls:10m;
          keepalive_requests 1000000000;
          client_max_body_size 100m;
          proxy_request_buffering off;
          proxy_http_version 1.1;
          proxy_read_timeout 300s;
          proxy_set_header Host $http_host;
          proxy_set_header X-Real-IP $remote_addr;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Forwarded-Host $http_host;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_upgrade;
          location / { proxy_pass http://service; }
        }
        """);

    // What the gateway takes the place of: the README's nginx.conf, Debian's nginx.conf around it.
    private static string[] OldNginx(Site site) => StartNginx(site, $$"""
        server {
          listen 127.0.0.1:{{site.Port}} ssl;
          server_name localhost;
          ssl_certificate {{site.Credentials.CertificatePath}};
          ssl_certificate_key {{site.Credentials.KeyPath}};
          ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
          ssl_prefer_server_ciphers on;
          client_max_body_size 100m;
          location /api/ {
            proxy_pass http://127.0.0.1:{{site.ServicePort}};
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
          }
          location /ws/ {
            proxy_pass http://127.0.0.1:{{site.ServicePort}};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_read_timeout 3600s;
          }
        }
        """);

    private static string[] StartNginx(Site site, string http) =>
    [
        "nginx", "-p", site.Folder, "-e", Path.Combine(site.Folder, "error.log"), "-c", site.Write("nginx.conf", $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 2;
            worker_rlimit_nofile 20000;
            pid {{site.Folder}}/nginx.pid;
            events { worker_connections 10000; }
            http {
            sendfile on;
            tcp_nopush on;
            access_log {{site.Folder}}/access.log;
            client_body_temp_path {{site.Folder}}/body;
            proxy_temp_path {{site.Folder}}/proxy;
            fastcgi_temp_path {{site.Folder}}/fastcgi;
            uwsgi_temp_path {{site.Folder}}/uwsgi;
            scgi_temp_path {{site.Folder}}/scgi;
            {{http}}
            }
            """),
    ];

    // Its log goes to standard output, which is a file here.
    private static string[] HAProxy(Site site) =>
    [
        "haproxy", "-db", "-f", site.Write("haproxy.cfg", $$"""
            global
              nbthread 2
              maxconn 8000
              log stdout format raw local0
              ssl-default-bind-options ssl-min-ver TLSv1.2
              ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
            defaults
              mode http
              log global
              option httplog
              timeout connect 10s
              timeout client 300s
              timeout server 300s
              timeout tunnel 1h
              timeout http-request 15s
              timeout http-keep-alive 60s
            frontend front
              bind 127.0.0.1:{{site.Port}} ssl crt {{site.Credentials.BothPath}} alpn h2,http/1.1
              option forwardfor
              http-request set-header X-Real-IP %[src]
              http-request set-header X-Forwarded-Proto https
              http-request set-header X-Forwarded-Host %[req.hdr(host)]
              default_backend service
            backend service
              http-reuse always
              server one 127.0.0.1:{{site.ServicePort}}

            """),
    ];

    private static string[] Caddy(Site site) =>
    [
        "caddy", "run", "--adapter", "caddyfile", "--config", site.Write("Caddyfile", $$"""
            {
              admin off
              auto_https off
              storage file_system {{site.Folder}}
              servers {
                protocols h1 h2
              }
            }
            https://localhost:{{site.Port}} {
              bind 127.0.0.1
              tls {{site.Credentials.CertificatePath}} {{site.Credentials.KeyPath}}
              log {
                output file {{site.Folder}}/access.log {
                  roll_disabled
                }
              }
              request_body {
                max_size 100MB
              }
              reverse_proxy 127.0.0.1:{{site.ServicePort}} {
                header_up X-Real-IP {remote_host}
                transport http {
                  dial_timeout 10s
                  keepalive_idle_conns_per_host 256
                }
              }
            }
            """),
    ];
}
