using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Browser;

/// <summary>A gateway in front of the sample services, and a Chromium whose user has run <c>gateway cert trust</c>.</summary>
public sealed class TrustingBrowser : IAsyncLifetime
{
    internal TestFolder Folder { get; } = new();

    internal GatewayProcess Gateway { get; private set; } = null!;

    internal Chromium Chromium { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Trust.InstallAsync(Folder);
        Gateway = await GatewayProcess.DevAsync(Folder, command: Repository.Backends);
        Chromium = await Chromium.StartAsync(Folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (Chromium is not null)
        {
            await Chromium.DisposeAsync();
        }

        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        Folder.Dispose();
    }
}
