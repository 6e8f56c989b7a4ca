using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Hosting;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Hosting;

public sealed class EndpointOverridesTests
{
    private static GatewayConfiguration Production => TestConfiguration.ForService("http://127.0.0.1:5001")
        .WithEndpoint("public", "https://*:443")
        .WithEndpoint("plain", "http://*:80") with
    { AllowedHosts = ["chat.example.com"] };

    [Theory]
    [InlineData(false, "localhost")]
    [InlineData(true, "*")]
    public void DevServesItsOwnEndpointsWhateverTheFileNames(bool lan, string host)
    {
        var dev = EndpointOverrides.ForDevelopment(Production, lan);

        string[] expected = [$"https://{host}:5443", $"https://{host}:5444", $"http://{host}:5080"];
        Assert.Equal(expected, dev.Endpoints.Select(e => e.Url));
        Assert.Equal(expected.Order(), dev.Root.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).Order());
        Assert.Empty(dev.AllowedHosts);
    }

    [Fact]
    public void PlainHttpKeepsThePortsAndDropsWhatKestrelTakesOnHttpsOnly()
    {
        var configuration = Production;
        var root = new ConfigurationBuilder().AddInMemoryCollection(configuration.Root.AsEnumerable()
            .Append(KeyValuePair.Create("Kestrel:Endpoints:public:Certificate:Path", (string?)"server.crt"))
            .Append(KeyValuePair.Create("Kestrel:Endpoints:public:SslProtocols:0", (string?)"Tls12"))
            .Append(KeyValuePair.Create("Serilog:Properties:Certificate", (string?)"kept"))).Build();

        var plain = EndpointOverrides.ForPlainHttp(configuration with { Root = root });

        Assert.Equal(["http://*:443", "http://*:80"], plain.Endpoints.Select(e => e.Url));
        Assert.DoesNotContain(plain.Endpoints, e => e.IsHttps);
        Assert.Equal("http://*:443", plain.Root["Kestrel:Endpoints:public:Url"]);
        Assert.Null(plain.Root["Kestrel:Endpoints:public:Certificate:Path"]);
        Assert.Null(plain.Root["Kestrel:Endpoints:public:SslProtocols:0"]);
        Assert.Equal("kept", plain.Root["Serilog:Properties:Certificate"]);
    }
}
