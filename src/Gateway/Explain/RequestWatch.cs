using System.Net;
using Gateway.Boundary.Access;
using Gateway.Proxying;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Explain;

/// <summary>Stands around the gateway's pipeline and notes what became of the request in it.</summary>
internal sealed class RequestWatch : IStartupFilter
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the request; never, when the server itself has refused it.</summary>
    public Task Ended => _ended.Task;

    public bool HasBegun { get; private set; }

    /// <summary>The headers that the client sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Arrived { get; private set; } = [];

    /// <summary>Those that were left or written when the service's turn came, or at the end.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Admitted { get; private set; } = [];

    public IPAddress? Client { get; private set; }

    public string Scheme { get; private set; } = "";

    public string Path { get; private set; } = "";

    public Refusal? Refusal { get; private set; }

    public string? MaintenanceFile { get; private set; }

    public Admission? Admission { get; private set; }

    public Endpoint? Endpoint { get; private set; }

    public RouteConfig? Route { get; private set; }

    public ClusterConfig? Cluster { get; private set; }

    public string? Destination { get; private set; }

    /// <summary>Whether it was a WebSocket when it left.</summary>
    public bool IsWebSocket { get; private set; }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, rest) =>
        {
            HasBegun = true;
            Arrived = Snapshot(context.Request.Headers);
            try
            {
                await rest(context);
            }
            finally
            {
                Note(context);
                _ended.TrySetResult();
            }
        });
        next(app);
    };

    private void Note(HttpContext context)
    {
        ClientHeaders.Complete(context);
        Admitted = Snapshot(context.Request.Headers);
        (Client, Scheme, Path) = (context.Connection.RemoteIpAddress, context.Request.Scheme, context.Request.Path.ToString());
        (Refusal, MaintenanceFile, Admission) = (context.Features.Get<Refusal>(), context.Features.Get<MaintenanceNotice>()?.File, context.Features.Get<Admission>());
        Endpoint = context.GetEndpoint();
        Route = Endpoint?.Metadata.GetMetadata<RouteModel>()?.Config;
        IsWebSocket = WebSocketTunnel.Of(context) is not null;
        if (context.Features.Get<IReverseProxyFeature>() is { } proxy)
        {
            (Cluster, Destination) = (proxy.Cluster.Config, proxy.ProxiedDestination?.Model.Config.Address);
        }
    }

    private static KeyValuePair<string, string>[] Snapshot(IHeaderDictionary headers) =>
        [.. headers.Select(header => KeyValuePair.Create(header.Key, string.Join(", ", header.Value.ToArray())))];
}
