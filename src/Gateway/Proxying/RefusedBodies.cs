using System.Net;

namespace Gateway.Proxying;

/// <summary>Tells who counts them of requests whose body was too large.</summary>
internal sealed class RefusedBodies
{
    /// <summary>With the client, where its address is known.</summary>
    public event Action<IPAddress?>? Refused;

    public void Report(IPAddress? client) => Refused?.Invoke(client);
}
