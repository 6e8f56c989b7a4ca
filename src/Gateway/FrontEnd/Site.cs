using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Authorization;

namespace Gateway.FrontEnd;

/// <summary>The folder of a built front end, as one endpoint.</summary>
internal sealed class Site
{
    private const string Index = "index.html";
    private const string AskEachTime = "no-cache";
    private const string Setting = "Gateway:StaticFiles";

    private readonly string _root;

    public Site(SiteOptions options)
    {
        Options = options;
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Root));
        object[] metadata = options.AuthorizationPolicy is { } policy ? [new AuthorizeAttribute(policy)] : [];
        Endpoint = new Endpoint(ServeAsync, new EndpointMetadataCollection(metadata), "static files");
    }

    public SiteOptions Options { get; }

    public Endpoint Endpoint { get; }

    private async Task ServeAsync(HttpContext context)
    {
        await EventLoop.LeaveAsync();
        await AnswerAsync(context);
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            Refusal.Set(context, StatusCodes.Status405MethodNotAllowed, cause: "no route takes the request, and files answer GET and HEAD only", setting: Setting);
            return Task.CompletedTask;
        }

        var path = context.Request.Path.Value!.TrimStart('/');
        if (Find(context.Request, path) is { } file)
        {
            return SendAsync(context, file, CacheControl(file.Path));
        }

        if (path.Length > 0 && !path.EndsWith('/') && SiteFile.IsFolder(_root, path))
        {
            // Relative links of the page would lead elsewhere without the slash.
            context.Response.Redirect($"{context.Request.PathBase}{context.Request.Path.ToUriComponent()}/{context.Request.QueryString}", permanent: true);
            return Task.CompletedTask;
        }

        if (Options.Fallback is { } fallback && IsOfTheRouter(context.Request, path) && Find(context.Request, fallback) is { } page)
        {
            return SendAsync(context, page, AskEachTime);
        }

        Refusal.Set(context, StatusCodes.Status404NotFound, cause: "no route takes the request, and there is no such file", setting: Setting);
        return Task.CompletedTask;
    }

    private SiteFile? Find(HttpRequest request, string path) => SiteFile.Find(
        _root, path.Length == 0 || path.EndsWith('/') ? path + Index : path, request.GetTypedHeaders().AcceptEncoding);

    // A script or picture that is missing must be missing: a page in its place is an error that nobody understands.
    private static bool IsOfTheRouter(HttpRequest request, string path) =>
        !path[(path.LastIndexOf('/') + 1)..].Contains('.', StringComparison.Ordinal)
        || request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private string CacheControl(string path) => Options.CacheControl.FirstOrDefault(rule => rule.Matches(path))?.Value ?? AskEachTime;

    private static async Task SendAsync(HttpContext context, SiteFile file, string cacheControl)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = cacheControl;
        headers.XContentTypeOptions = "nosniff";
        if (file.Varies)
        {
            headers.Vary = "Accept-Encoding";
        }

        if (file.Encoding is not null)
        {
            headers.ContentEncoding = file.Encoding;
        }

        try
        {
            await TypedResults.PhysicalFile(
                file.Content.FullName, file.ContentType, lastModified: file.Content.LastWriteTimeUtc, entityTag: file.EntityTag, enableRangeProcessing: true)
                .ExecuteAsync(context);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && !context.Response.HasStarted)
        {
            // A new build has taken its place in this moment.
            context.Response.Clear();
            Refusal.Set(context, StatusCodes.Status404NotFound);
        }
    }
}
