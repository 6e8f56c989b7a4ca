using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Hosting;

public sealed class StartupReportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ServedCertificates CertificateFor(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), new DateTimeOffset(2099, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var served = new ServedCertificates(TimeProvider.System);
        served.Publish(CertificateSource.File, [new ServedCertificate(certificate, [], CertificateSource.File, "/etc/tls/chat.pem")]);
        return served;
    }

    [Fact]
    public async Task SaysWhatIsServedWhereItGoesAndWhetherItIsUp()
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        var configuration = TestConfiguration.ForService(service.Address).WithEndpoint("https", "https://*:8443").WithEndpoint("http", "http://*:8080");
        configuration = configuration with
        {
            Routes = [.. configuration.Routes, new RouteConfig { RouteId = "api", ClusterId = "gone", Match = new RouteMatch { Path = "/api/{**rest}" } }],
            Clusters =
            [
                .. configuration.Clusters,
                new ClusterConfig { ClusterId = "gone", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = "http://127.0.0.1:1" } } },
            ],
        };

        var report = await StartupReport.CreateAsync(configuration, CertificateFor("chat.example.com"), Cancellation);
        var text = new StringWriter();
        report.Write(text);

        var address = service.Address.PadRight("http://127.0.0.1:1".Length);
        Assert.Equal(
            $"""
            gateway {StartupReport.ProductVersion}   gateway.json: valid

              https://*:8443   certificate /etc/tls/chat.pem, expires 2099-01-02
              http://*:8080    redirects to https://*:8443

              /api/*            -> {"http://127.0.0.1:1".PadRight(address.Length)}   down
              everything else   -> {address}   up

            """,
            text.ToString(),
            ignoreLineEndingDifferences: true);
        Assert.Equal("https://chat.example.com:8443", report.OpenAddress);
    }
}
