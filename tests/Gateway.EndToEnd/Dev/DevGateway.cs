using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary>One <c>gateway dev -- backends</c> for the facts of a class.</summary>
public sealed class DevGateway : IAsyncLifetime
{
    internal TestFolder Folder { get; } = new();

    internal GatewayProcess Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Gateway = await GatewayProcess.DevAsync(Folder, command: Repository.Backends);

    public async ValueTask DisposeAsync()
    {
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        Folder.Dispose();
    }
}
