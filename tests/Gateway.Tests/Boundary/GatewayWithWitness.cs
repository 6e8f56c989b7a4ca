using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>One gateway and one service for a table of attacks.</summary>
public sealed class GatewayWithWitness : IAsyncLifetime
{
    internal TestGateway Gateway { get; private set; } = null!;

    internal Witness Witness { get; } = new();

    public async ValueTask InitializeAsync() => Gateway = await TestGateway.StartAsync(TestConfiguration.ForService(Witness.Address));

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Witness.DisposeAsync();
    }
}
