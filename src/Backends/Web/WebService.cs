using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Backends.Web;

/// <summary>The web service: one page, whose files are inside the program.</summary>
internal static class WebService
{
    private const string Prefix = "page/";

    // The page loads nothing from elsewhere. 'self' covers wss: of the same origin as well.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <param name="port">On 127.0.0.1; 0 takes a free one.</param>
    public static WebApplication Build(int port)
    {
        var app = LoopbackHost.CreateBuilder(port, maxRequestBodySize: 0).Build();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Permissions-Policy"] = "camera=(self), microphone=(self)";
            headers["Referrer-Policy"] = "same-origin";
            // Ask each time: after an update nobody runs the script of yesterday. The ETag makes the question cheap.
            headers.CacheControl = "no-cache";
            return next(context);
        });
        foreach (var (path, file) in Files())
        {
            app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], () => Results.Bytes(file.Content, file.Type, entityTag: file.Tag));
        }
        app.MapFallback(() => Results.Text("There is nothing at this address. The page is at /\n", statusCode: 404));
        return app;
    }

    private static IEnumerable<(string Path, (byte[] Content, string Type, EntityTagHeaderValue Tag) File)> Files()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var resource = assembly.GetManifestResourceStream(name)!;
            var content = new byte[resource.Length];
            resource.ReadExactly(content);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"");
            var path = name[Prefix.Length..];
            yield return (path == "index.html" ? "/" : "/" + path, (content, ContentType(path), tag));
        }
    }

    private static string ContentType(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"page/{path}: no content type is known for '{other}'"),
    };
}
