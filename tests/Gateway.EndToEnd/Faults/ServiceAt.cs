using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>A service at an address and port of the test's choice, which answers with its name.</summary>
internal sealed class ServiceAt : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServiceAt(WebApplication app) => _app = app;

    public static async Task<ServiceAt> StartAsync(IPAddress address, int port, string name)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(address, port));
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(name));
        await app.StartAsync();
        return new ServiceAt(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
