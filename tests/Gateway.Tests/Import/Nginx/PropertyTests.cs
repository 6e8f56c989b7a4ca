using System.Text;
using FsCheck.Xunit;
using Gateway.Import.Nginx;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Import.Nginx;

public sealed class PropertyTests
{
    private static readonly string[] Blocks =
    [
        "server {", "location / {", "location /api/ {", "location /api {", "location = /x {", "location ~ \\.php$ {", "location ~* ^/a/(.*)$ {", "location ^~ /s/ {", "location @app {", "location \"\" {", "location {",
        "if ($host = a.example) {", "if ($scheme = http) {", "upstream app {", "map $http_upgrade $c {", "limit_except GET {", "http {", "events {", "location ~ ^/(x|y {", "types {", "server_name {",
    ];

    private static readonly string[] Directives =
    [
        "listen 80;", "listen 443 ssl;", "listen [::]:443 ssl http2;", "listen 127.0.0.1:9;", "listen x;", "listen;", "listen unix:/x;", "server_name a.example;", "server_name *.b.example .c.example;", "server_name _;",
        "server_name ~^x;", "server_name A.example a.example;", "proxy_pass http://127.0.0.1:1;", "proxy_pass http://app;", "proxy_pass http://app/x;", "proxy_pass https://app/;", "proxy_pass $up;", "proxy_pass http://x/$1;", "proxy_pass;", "proxy_pass http://[::1]:5/;",
        "server 127.0.0.1:2 weight=3;", "server b backup;", "server unix:/x;", "server :1;", "ip_hash;", "least_conn;", "set $up http://127.0.0.1:3;", "set $a $a$a;", "proxy_set_header Host $host;", "proxy_set_header Host x;", "proxy_set_header \"\" \"\";",
        "proxy_set_header Upgrade $http_upgrade;", "proxy_set_header X-A \"b \\\" c\";", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header \"bad name\" x;", "proxy_set_header Accept-Encoding \"\";", "add_header X-B \"1\" always;", "add_header X-B $x;", "add_header \"\" y;",
        "add_header Strict-Transport-Security max-age=1;", "client_max_body_size 10m;", "client_max_body_size 0;", "client_max_body_size x;", "client_max_body_size 999999999g;", "proxy_read_timeout 90;", "proxy_read_timeout 0;", "proxy_read_timeout 99999999d;",
        "return 301 https://$host$request_uri;", "return 302 /x;", "return 404;", "return 200 \"a\\nb\";", "return 999;", "return x;", "return;", "return 301 https://x/{a};", "rewrite ^/a/(.*)$ /$1 break;", "rewrite ^/o(.*) /n$1 permanent;", "rewrite ^ https://a.example permanent;", "rewrite x y;",
        "allow 10.0.0.0/8;", "allow 300.1.1.1;", "deny all;", "deny 10.0.0.1;", "satisfy any;", "auth_basic x;", "auth_basic off;", "auth_basic_user_file none;", "auth_request /a;", "internal;", "root /srv;", "try_files $uri @app;", "try_files $uri =404;",
        "ssl_certificate /c;", "ssl_certificate_key /k;", "ssl_protocols TLSv1.3;", "set_real_ip_from 10.0.0.1/8;", "set_real_ip_from x;", "limit_req zone=a;", "limit_req_zone $binary_remote_addr zone=a:1m rate=5r/s;", "limit_conn a 5;", "expires 30d;", "expires x;", "gzip on;",
        "proxy_http_version 1.0;", "proxy_hide_header X-C;", "large_client_header_buffers 4 16k;", "large_client_header_buffers 4 1;", "client_header_timeout 5;", "include none.conf;", "include mime.types;", "unknown_thing a b;", "proxy_ssl_verify on;", "proxy_ssl_protocols TLSv1.2;",
    ];

    [Property(MaxTest = 300)]
    public void NoTextMakesItThrowAnythingButAnErrorWithItsPlace(string text, byte[] bytes)
    {
        Try(Encoding.UTF8.GetBytes(text ?? ""));
        Try(bytes);
    }

    [Property(MaxTest = 300)]
    public void NoDamageToARealFileMakesItThrow(int site, int position, byte replacement)
    {
        var files = Directory.GetFiles(Path.Combine(ArchitectureTests.RepositoryRoot(), "tests/nginx"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var bytes = File.ReadAllBytes(files[(uint)site % files.Length]);
        bytes[(uint)position % bytes.Length] = replacement;
        Try(bytes);
    }

    /// <summary>Whatever directives stand wherever: the file is valid, and each of them is in the report.</summary>
    [Property(MaxTest = 600)]
    public void WhateverIsReadBecomesAValidFileAndAWholeReport(uint[] choices)
    {
        var text = Random(choices);
        using var import = new NginxText(text);

        Assert.True(import.Errors.Count == 0, $"{text}\n\n{import.Json}\n\n{string.Join('\n', import.Errors)}");
        Assert.Equal(text.Split('\n').Count(line => line.Trim().Length > 0 && line.Trim() != "}"), import.Report.Lines.Count);
    }

    private static string Random(uint[] choices)
    {
        var (text, depth) = (new StringBuilder("server {\nlisten 81;\n"), 1);
        foreach (var choice in choices)
        {
            switch (choice % 8)
            {
                case 0 when depth < 6:
                    text.Append(Blocks[choice / 8 % Blocks.Length]).Append('\n');
                    depth++;
                    break;
                case 1 when depth > 0:
                    text.Append("}\n");
                    depth--;
                    break;
                default:
                    text.Append(Directives[choice / 8 % Directives.Length].Replace("\\n", " ", StringComparison.Ordinal)).Append('\n');
                    break;
            }
        }

        return text.Append(string.Concat(Enumerable.Repeat("}\n", depth))).ToString();
    }

    private static void Try(byte[] bytes)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["nginx.conf"], bytes);
        try
        {
            var (configuration, report) = NginxImport.Read(folder["nginx.conf"]);
            Assert.NotEmpty(configuration.ToString());
            _ = report.Text();
        }
        catch (NginxSyntaxException e)
        {
            Assert.Matches(@"nginx\.conf\([0-9]+,[0-9]+\): ", e.Message);
        }
    }
}
