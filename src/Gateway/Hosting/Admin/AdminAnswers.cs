using System.Collections.Frozen;
using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Observability;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Hosting.Admin;

/// <summary>What the operator's endpoint answers: to read only, and only to who addresses this machine by a local name.</summary>
internal sealed partial class AdminAnswers(
    AdminListening listening, Readiness readiness, StatusReader status, MetricsReport metrics, ILogger<AdminAnswers> logger) : IHttpApplication<HttpContext>
{
    private const string PlainText = "text/plain; charset=utf-8";

    // Nothing from elsewhere, nothing inline, in nobody's frame.
    private static readonly (string Name, StringValues Value)[] Headers =
    [
        ("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ];

    private static readonly FrozenDictionary<string, (string ContentType, byte[] Content)> Files = new Dictionary<string, (string, byte[])>
    {
        ["/"] = ("text/html; charset=utf-8", Resource("index.html")),
        ["/status.css"] = ("text/css; charset=utf-8", Resource("status.css")),
        ["/status.js"] = ("text/javascript; charset=utf-8", Resource("status.js")),
        ["/words.js"] = ("text/javascript; charset=utf-8", Resource("words.js")),
        ["/icon.svg"] = ("image/svg+xml", Resource("icon.svg")),
    }.ToFrozenDictionary();

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        foreach (var (name, value) in Headers)
        {
            context.Response.Headers[name] = value;
        }

        try
        {
            await AnswerAsync(context);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(logger, exception, context.Request.Path);
            if (!context.Response.HasStarted)
            {
                await WriteAsync(context, StatusCodes.Status500InternalServerError, PlainText, "It failed; the reason is in the log.\n");
            }
        }
    }

    private Task AnswerAsync(HttpContext context)
    {
        // A page elsewhere may have its own name lead to 127.0.0.1 (DNS rebinding), and would read all of this as if it were its own.
        if (listening.Address.Tcp is not null && !IsLocalName(context.Request.Host))
        {
            return WriteAsync(context, StatusCodes.Status421MisdirectedRequest, PlainText,
                "This is the gateway's own status. Ask for it as 127.0.0.1 or localhost; from a route, with the transform { \"RequestHeaderOriginalHost\": \"false\" }.\n");
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return WriteAsync(context, StatusCodes.Status405MethodNotAllowed, PlainText, "There is nothing to change here.\n");
        }

        var path = context.Request.Path.Value ?? "";
        return path switch
        {
            "/healthz" => WriteAsync(context, StatusCodes.Status200OK, PlainText, "ok\n"),
            "/readyz" => WriteAsync(context, readiness.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, PlainText, $"{readiness}\n"),
            "/metrics" => WriteMetricsAsync(context),
            "/status.json" => WriteStatusAsync(context),
            _ when Files.TryGetValue(path, out var file) => WriteAsync(context, StatusCodes.Status200OK, file.ContentType, file.Content),
            _ => WriteAsync(context, StatusCodes.Status404NotFound, PlainText, "There is /, /status.json, /metrics, /healthz and /readyz.\n"),
        };
    }

    private async Task WriteMetricsAsync(HttpContext context) =>
        await WriteAsync(context, StatusCodes.Status200OK, PrometheusText.ContentType, await metrics.WriteAsync());

    private async Task WriteStatusAsync(HttpContext context) =>
        await WriteAsync(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(await status.ReadAsync(), StatusJson.Default.StatusReport));

    private static Task WriteAsync(HttpContext context, int statusCode, string contentType, string text) =>
        WriteAsync(context, statusCode, contentType, Encoding.UTF8.GetBytes(text));

    private static async Task WriteAsync(HttpContext context, int statusCode, string contentType, byte[] content)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }

    private static bool IsLocalName(HostString host) =>
        host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));

    private static byte[] Resource(string name)
    {
        using var stream = typeof(AdminAnswers).Assembly.GetManifestResourceStream("status/" + name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    [LoggerMessage(EventId = 161, Level = LogLevel.Error, Message = "The status endpoint failed at {Path}, please report it")]
    private static partial void LogFailed(ILogger logger, Exception exception, PathString path);
}
