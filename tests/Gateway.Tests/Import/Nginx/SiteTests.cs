using Gateway.Import.Nginx;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Import.Nginx;

/// <summary>The configurations of <c>tests/nginx</c>, in the shape of what people have.</summary>
public sealed class SiteTests
{
    private static readonly string Source = Path.Combine(ArchitectureTests.RepositoryRoot(), "tests/nginx");

    public static TheoryData<string> Sites => [.. Directory.GetDirectories(Source).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Sites))]
    public void EveryDirectiveIsKnownAndTheFileIsValid(string name)
    {
        var sites = Directory.GetFiles(Path.Combine(Source, name), "*", SearchOption.AllDirectories)
            .Where(f => f.Contains("sites-enabled", StringComparison.Ordinal) || f.EndsWith(".conf", StringComparison.Ordinal));
        foreach (var site in sites)
        {
            using var import = new NginxText(File.ReadAllText(site));

            Assert.Empty(import.Errors);
            Assert.DoesNotContain("not known to the import", import.Report.Text(), StringComparison.Ordinal);
            Assert.All(import.Report.Lines.Where(l => l.Verdict != ImportVerdict.Kept), line => Assert.NotEmpty(line.Notes));
        }
    }

    [Fact]
    public void TheVoiceAndVideoSiteReadsAsAPersonWouldWriteIt()
    {
        using var import = new NginxText(File.ReadAllText(Path.Combine(Source, "voice-and-video/sites-enabled/chat")));

        Assert.Equal(
            """
            {
              // Made by `gateway import nginx` from nginx.conf; the places in the comments are those of the nginx configuration.

              "Kestrel": {
                "Endpoints": {
                  "https": { "Url": "https://*:443" }, // nginx.conf:15, nginx.conf:16
                  "http": { "Url": "http://*:80" } // nginx.conf:8, nginx.conf:9
                }
              },

              // Other names get 421.
              "AllowedHosts": "chat.example.com",

              "Gateway": {
                // nginx.conf:19
                "Certificates": [{ "Path": "/etc/letsencrypt/live/chat.example.com/fullchain.pem", "KeyPath": "/etc/letsencrypt/live/chat.example.com/privkey.pem" }],
                // nginx sent none. Without this line browsers remember for a year that they must use HTTPS.
                "StrictTransportSecurity": "off",
                "Limits": { "MaxRequestBodySize": 52428800 }
              },

              "ReverseProxy": {
                "Routes": {
                  // nginx.conf:29  location /api/
                  "api": { "ClusterId": "api", "Match": { "Path": "/api/{**rest}" } },
                  // nginx.conf:34  location /ws/
                  "ws": { "ClusterId": "ws", "Match": { "Path": "/ws/{**rest}" }, "Metadata": { "WebSockets": "true" } },
                  // nginx.conf:47  location /
                  "web": { "ClusterId": "web", "Match": { "Path": "/{**rest}" } }
                },
                "Clusters": {
                  "api": { "Destinations": { "one": { "Address": "http://127.0.0.1:5001" } }, "HttpRequest": { "ActivityTimeout": "00:05:00" } },
                  "ws": { "Destinations": { "one": { "Address": "http://127.0.0.1:5003" } }, "HttpRequest": { "ActivityTimeout": "01:00:00" } },
                  "web": { "Destinations": { "one": { "Address": "http://127.0.0.1:3000" } } }
                }
              }
            }

            """,
            import.Json);
    }
}
