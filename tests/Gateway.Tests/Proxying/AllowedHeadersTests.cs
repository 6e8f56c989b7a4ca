using Gateway.Tests.Boundary;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Proxying;

public sealed class AllowedHeadersTests
{
    [Fact]
    public async Task AServiceGetsOneHostWhereTheRouteLetsItPassByName()
    {
        await using var witness = new Witness();
        var configuration = TestConfiguration.ForService(witness.Address);
        var route = configuration.Routes[0] with { Transforms = [new Dictionary<string, string> { ["RequestHeadersAllowed"] = "Host;Accept" }] };
        await using var gateway = await TestGateway.StartAsync(configuration with { Routes = [route] });

        using var response = await gateway.Client.GetAsync(gateway.At("/"), TestContext.Current.CancellationToken);

        Assert.Equal([new Uri(gateway.Address).Authority], Assert.Single(witness.Requests).Values("Host"));
    }
}
