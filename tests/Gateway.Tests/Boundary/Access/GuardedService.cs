using System.Collections.Concurrent;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Tests.Boundary.Access;

/// <summary>A service behind a route with a policy, and everything that reached it. It speaks the subprotocol chat.</summary>
internal sealed class GuardedService : IAsyncDisposable
{
    private readonly TestService _service;

    private GuardedService(TestService service, TestGateway gateway) => (_service, Gateway) = (service, gateway);

    public TestGateway Gateway { get; }

    public ConcurrentQueue<ReceivedRequest> Received { get; private init; } = [];

    public static async Task<GuardedService> StartAsync(AccessPolicy policy, HostMode mode = HostMode.Run, bool allowsWebSockets = true)
    {
        var received = new ConcurrentQueue<ReceivedRequest>();
        var service = await TestService.StartAsync(context => AnswerAsync(context, received));
        var configuration = TestConfiguration.ForService(service.Address);
        var route = configuration.Routes[0] with { AuthorizationPolicy = policy.Name };
        configuration = configuration with
        {
            Routes = [allowsWebSockets ? route : route with { Metadata = null }],
            Gateway = new GatewayOptions { Access = new Dictionary<string, AccessPolicy>(StringComparer.OrdinalIgnoreCase) { [policy.Name] = policy } },
        };
        return new GuardedService(service, await TestGateway.StartAsync(configuration, mode)) { Received = received };
    }

    public async Task<HttpResponseMessage> SendAsync(string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Gateway.At(target));
        return await SendAsync(request, headers);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, params (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>That this text stands in no line of the log and in nothing that the service received.</summary>
    public void AssertSeenByNobody(string secret)
    {
        Assert.DoesNotContain(Gateway.Log.All, line =>
            line.Message.Contains(secret, StringComparison.Ordinal)
            || line.Properties.Values.Any(value => value?.ToString()?.Contains(secret, StringComparison.Ordinal) == true)
            || line.Exception?.ToString().Contains(secret, StringComparison.Ordinal) == true);
        Assert.DoesNotContain(Received, request =>
            request.Target.Contains(secret, StringComparison.Ordinal) || request.Headers.Values.Any(value => value.Contains(secret, StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context, ConcurrentQueue<ReceivedRequest> received)
    {
        received.Enqueue(new ReceivedRequest(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync("served");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.Contains("chat") ? "chat" : null);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "served", context.RequestAborted);
    }
}

internal sealed record ReceivedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers);
