namespace Gateway.EndToEnd.Status;

/// <summary>One <see cref="WatchedGateway"/> for all tests of a class; they leave it as it is.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    internal WatchedGateway Watched { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Watched = await WatchedGateway.StartAsync();

    public ValueTask DisposeAsync() => Watched.DisposeAsync();
}
