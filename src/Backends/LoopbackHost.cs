using System.Net;
using System.Text.Encodings.Web;

namespace Backends;

/// <summary>What the three services have in common: one loopback listener, warnings only, and an end within a second.</summary>
internal static class LoopbackHost
{
    /// <param name="port">The port on 127.0.0.1; 0 takes a free one.</param>
    /// <param name="maxRequestBodySize">In bytes; a longer body is refused with 413.</param>
    public static WebApplicationBuilder CreateBuilder(int port, long maxRequestBodySize)
    {
        // The empty builder reads no ASPNETCORE_* variable and no appsettings.json: only what stands here applies.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = maxRequestBodySize;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 1000;
        });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // A start that fails is told by whoever starts, in one line.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddRouting();
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(700));
        return builder;
    }
}
