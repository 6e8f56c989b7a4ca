using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Browser;

/// <summary>A page that everybody may load, whose WebSockets ask for a key made by <c>gateway key create</c>, and a Chromium.</summary>
public sealed class GuardedPage : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestService _service = null!;

    internal GatewayProcess Gateway { get; private set; } = null!;

    internal Chromium Chromium { get; private set; } = null!;

    internal string Key { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Trust.InstallAsync(_folder);
        var made = await RunningProgram.RunAsync(Repository.Gateway, ["key", "create", "page"], _folder);
        Key = Regex.Match(made.Output, @"gwk_\S+").Value;
        var hash = Regex.Match(made.Output, "sha256:[0-9a-f]+").Value;
        _service = await TestService.StartAsync(AnswerAsync);
        var json = new GatewayJson().Https().Route("page", "/{**rest}", _service.Address).Route("call", "/ws/{**rest}", _service.Address)
            .Set("ReverseProxy:Routes:call:AuthorizationPolicy", "page")
            .Set("ReverseProxy:Routes:call:Metadata:WebSockets", "true")
            .Set("Gateway:Access:page:Query", "key")
            .Set("Gateway:Access:page:ApiKeys", new JsonArray(
                new JsonObject { ["Name"] = "page", ["Hash"] = hash }));
        Gateway = await GatewayProcess.RunAsync(_folder, json);
        Chromium = await Harness.Chromium.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Gateway.DisposeAsync();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<title>page</title>");
            return;
        }

        var asked = context.Request.Headers.SecWebSocketProtocol.ToString();
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.Contains("chat") ? "chat" : null);
        var text = $"{context.Request.Headers["X-Authenticated-User"]} asked for '{asked}' at {context.Request.Path}{context.Request.QueryString}";
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, context.RequestAborted);
        await socket.ReceiveAsync(new byte[100], context.RequestAborted);
    }
}
