using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Proxying;

/// <summary>The body of an error response of the gateway's own.</summary>
internal static class ErrorPage
{
    // The body is never part of a page: only JSON's own rules of escaping apply.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Loads what the pages take. Without a file descriptor an assembly cannot be loaded, and a type whose initializer has failed once
    /// stays broken.</summary>
    public static void Prepare() => new JsonObject { ["status"] = 0, ["title"] = HtmlEncoder.Default.Encode("") }.ToJsonString(Readable);

    /// <summary>Fills in the response whose status is set.</summary>
    /// <param name="context">A request whose response has not started.</param>
    /// <param name="explanation">What the reader may know of the cause; null for nothing.</param>
    /// <param name="ownPages">The operator's, by status.</param>
    public static async Task WriteAsync(HttpContext context, string? explanation, IReadOnlyDictionary<string, string> ownPages)
    {
        var response = context.Response;
        response.Headers["X-Request-Id"] = context.TraceIdentifier;
        response.Headers.CacheControl = "no-store";

        var chinese = PrefersChinese(context.Request);
        var maintenance = context.Features.Get<MaintenanceNotice>();
        var (title, advice) = maintenance is null ? Text(response.StatusCode, chinese) : MaintenanceText(chinese);
        if (!PrefersHtml(context.Request))
        {
            await WriteProblemAsync(context, title, explanation ?? advice);
        }
        else if ((maintenance?.File ?? OwnPage.FileFor(ownPages, response.StatusCode)) is { } file
            && await OwnPage.ReadAsync(file, response.StatusCode, title, context.TraceIdentifier, context.RequestAborted) is { } page)
        {
            response.ContentType = "text/html; charset=utf-8";
            await SendAsync(context, page);
        }
        else
        {
            await WriteHtmlAsync(context, title, advice, explanation, chinese);
        }
    }

    private static (string Title, string Advice) MaintenanceText(bool chinese) => chinese
        ? ("维护中", "此网站正在维护，很快就会恢复。")
        : ("Maintenance", "This site is being worked on and will be back soon.");

    private static Task WriteProblemAsync(HttpContext context, string title, string detail)
    {
        // RFC 9457 section 4.2.1: about:blank means that the status says what kind of problem it is.
        var problem = new JsonObject
        {
            ["type"] = "about:blank",
            ["title"] = title,
            ["status"] = context.Response.StatusCode,
            ["detail"] = detail,
            ["requestId"] = context.TraceIdentifier,
        };
        context.Response.ContentType = "application/problem+json";
        return SendAsync(context, problem.ToJsonString(Readable));
    }

    private static Task WriteHtmlAsync(HttpContext context, string title, string advice, string? explanation, bool chinese)
    {
        var cause = explanation is null ? "" : $"<p class=\"cause\">{WebUtility.HtmlEncode(explanation)}</p>";
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return SendAsync(context, $$"""
            <!DOCTYPE html>
            <html lang="{{(chinese ? "zh-CN" : "en")}}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{context.Response.StatusCode}} {{title}}</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 16px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; }
            h1 { font-size: 1.4rem; margin: 0; } .status { opacity: .55; font-weight: 400; }
            .cause { padding: .75rem 1rem; border-left: 3px solid #d97706; background: #d9770618; }
            small { opacity: .6; }
            </style>
            </head>
            <body>
            <h1><span class="status">{{context.Response.StatusCode}}</span> {{title}}</h1>
            <p>{{advice}}</p>
            {{cause}}
            <p><small>{{(chinese ? "请求编号" : "Request")}} {{context.TraceIdentifier}}</small></p>
            </body>
            </html>

            """);
    }

    private static Task SendAsync(HttpContext context, string body)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static bool PrefersHtml(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static bool PrefersChinese(HttpRequest request) =>
        request.Headers.AcceptLanguage.ToString().TrimStart().StartsWith("zh", StringComparison.OrdinalIgnoreCase);

    private static (string Title, string Advice) Text(int statusCode, bool chinese) => (statusCode, chinese) switch
    {
        (400, false) => ("Bad request", "The request could not be understood."),
        (400, true) => ("请求无效", "网关无法理解这个请求。"),
        (401, false) => ("Unauthorized", "Please sign in."),
        (401, true) => ("未授权", "请先登录。"),
        (403, false) => ("Forbidden", "This request is not allowed here."),
        (403, true) => ("禁止访问", "此处不允许这个请求。"),
        (404, false) => ("Not found", "Nothing is served at this address."),
        (404, true) => ("未找到", "这个地址没有对应的服务。"),
        (405, false) => ("Method not allowed", "This method is not supported."),
        (405, true) => ("方法不允许", "不支持这种请求方法。"),
        (408, false) => ("Request timeout", "The request did not arrive in time. Please try again."),
        (408, true) => ("请求超时", "请求没有及时到达，请重试。"),
        (413, false) => ("Too large", "The upload is larger than this server accepts."),
        (413, true) => ("内容过大", "上传的内容超过了服务器允许的大小。"),
        (421, false) => ("Misdirected request", "This server does not serve that host name."),
        (421, true) => ("主机名不符", "此服务器不提供该域名的服务。"),
        (429, false) => ("Too many requests", "Please wait a moment and try again."),
        (429, true) => ("请求过多", "请稍等片刻再试。"),
        (502, false) => ("Bad gateway", "The service behind this address is not answering. Please try again in a moment."),
        (502, true) => ("网关错误", "后端服务没有响应，请稍后再试。"),
        (503, false) => ("Service unavailable", "The service behind this address is not available right now. Please try again in a moment."),
        (503, true) => ("服务不可用", "后端服务暂时不可用，请稍后再试。"),
        (504, false) => ("Gateway timeout", "The service behind this address took too long to answer."),
        (504, true) => ("网关超时", "后端服务响应超时。"),
        (_, false) => ("Request failed", "The request could not be answered."),
        (_, true) => ("请求失败", "无法完成这个请求。"),
    };
}
