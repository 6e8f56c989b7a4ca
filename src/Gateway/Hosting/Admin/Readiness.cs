using Gateway.Proxying;

namespace Gateway.Hosting.Admin;

/// <summary>Whether clients should be sent here: from when the endpoints listen until the gateway is told to stop. Services have no say:
/// what works of them is served, and the rest gets an answer that says why.</summary>
internal sealed class Readiness(OpenWebSockets sockets, IHostApplicationLifetime lifetime)
{
    public bool IsDraining => lifetime.ApplicationStopping.IsCancellationRequested || sockets.IsDraining;

    public bool IsReady => lifetime.ApplicationStarted.IsCancellationRequested && !IsDraining;

    /// <summary>In a word.</summary>
    public override string ToString() => IsDraining ? "draining" : IsReady ? "ready" : "starting";
}
