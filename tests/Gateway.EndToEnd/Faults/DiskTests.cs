using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Acme;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>A disk that is full or read-only: what is there already serves on.</summary>
public sealed class DiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("full")]
    [InlineData("read-only")]
    public async Task TheCertificatesThatAreThereServeAndTheLogSaysWhyOnce(string state)
    {
        using var folder = new TestFolder();
        await using var disk = await SmallDisk.MountAsync(folder.State);
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("well"));
        var json = new GatewayJson().Https().Http().To(service.Address);
        X509Certificate2 root;
        await using (var first = await GatewayProcess.RunAsync(folder, json))
        {
            using var served = await AcmeGateway.ServedAsync(json.HttpsPort!.Value, "localhost", Cancellation);
            root = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder.State, "local-ca", "ca.crt"));
            AcmeGateway.AssertChains(served!.ExportCertificatePem(), root);
            first.Program.Terminate();
            await first.Program.WaitForExitAsync();
        }

        // Now there is a certificate to be had, and nothing of it could be kept.
        json.Set("LettuceEncrypt:AcceptTermsOfService", true)
            .Set("LettuceEncrypt:DomainNames", new JsonArray("www.example.com"))
            .Set("Gateway:Acme:Issuers", new JsonArray(new JsonObject { ["DirectoryUrl"] = $"https://localhost:{Ports.Free()}/dir" }));
        await (state == "full" ? disk.FillAsync() : disk.MakeReadOnlyAsync());
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        await gateway.Program.WaitForLineAsync("See that the state directory exists");
        // The certificate loop looks every 5 s.
        await Task.Delay(TimeSpan.FromSeconds(12), Cancellation);

        using var after = await AcmeGateway.ServedAsync(json.HttpsPort!.Value, "localhost", Cancellation);
        // The very same one, unless a test beside this one gave the machine an address meanwhile.
        AcmeGateway.AssertChains(after!.ExportCertificatePem(), root);
        using var client = gateway.CreateClient();
        Assert.Equal("well", await client.GetStringAsync("/", Cancellation));
        // At the start, of an address that is new, and at the one attempt since then: none of it is said a second time.
        var alarms = gateway.Program.All.Lines.Where(line => line.Contains("\"@l\":\"Error\"", StringComparison.Ordinal)).ToArray();
        Assert.InRange(alarms.Length, 1, 4);
        Assert.Equal(alarms.Length, alarms.Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("@m").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task ALogFileOnAFullDiskDoesNotHurtServing()
    {
        using var folder = new TestFolder();
        await using var disk = await SmallDisk.MountAsync(Path.Combine(folder.Path, "log"));
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("well"));
        var log = Path.Combine(disk.Path, "gateway.log");
        var json = new GatewayJson().Https().To(service.Address).Set("Serilog:WriteTo", new JsonArray(
            new JsonObject { ["Name"] = "Console" },
            new JsonObject { ["Name"] = "File", ["Args"] = new JsonObject { ["path"] = log } }));
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var client = gateway.CreateClient();

        // Each request is a line of more than 100 bytes.
        for (var i = 0; i < 1500; i++)
        {
            using var response = await client.GetAsync("/", Cancellation);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.InRange(new FileInfo(log).Length, 60 * 1024, 64 * 1024);
        Assert.False(gateway.Program.HasExited);
    }
}
