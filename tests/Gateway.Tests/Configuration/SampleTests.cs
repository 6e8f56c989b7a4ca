using System.Runtime.CompilerServices;
using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class SampleTests
{
    private static string Root([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../.."));

    [Fact]
    public void TheSampleAtTheRootServesTheThreeServices()
    {
        var result = ConfigurationReader.Read(Path.Combine(Root(), "gateway.json"), new Dictionary<string, string>());

        Assert.Empty(result.Errors);
        Assert.Equal(
            [("https", "https://*:443", true, 443), ("http", "http://*:80", false, 80)],
            result.Configuration.Endpoints.Select(e => (e.Name, e.Url, e.IsHttps, e.Port)));
        var addresses = result.Configuration.Clusters.ToDictionary(c => c.ClusterId, c => c.Destinations!.Values.Single().Address);
        Assert.Equal(
            ["/api/{**rest} http://127.0.0.1:5001", "/ws/{**rest} http://127.0.0.1:5003", "/{**rest} http://127.0.0.1:3000"],
            result.Configuration.Routes.OrderByDescending(r => r.Match.Path).Select(r => $"{r.Match.Path} {addresses[r.ClusterId!]}").Order());
        Assert.All(result.Configuration.Routes, route => Assert.Null(route.Transforms));
        Assert.Empty(result.Configuration.Certificates);
        Assert.Empty(result.Configuration.AllowedHosts);
        Assert.True(result.Configuration.SslEnabled);
    }

    [Fact]
    public void TheSchemaOfTheEditorIsTheOneInTheProgram()
    {
        using var embedded = new StreamReader(typeof(Schema).Assembly.GetManifestResourceStream("gateway.schema.json")!);
        Assert.Equal(File.ReadAllText(Path.Combine(Root(), "gateway.schema.json")), embedded.ReadToEnd());
    }
}
