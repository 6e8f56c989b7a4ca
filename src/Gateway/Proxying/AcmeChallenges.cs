namespace Gateway.Proxying;

/// <summary>
/// Answers http-01 challenges (RFC 8555 section 8.3) before redirect, host rules and routes. A token that is not the gateway's
/// falls through: a service behind it may get certificates of its own.
/// </summary>
/// <param name="next">The rest of the pipeline.</param>
/// <param name="keyAuthorization">The answer for a token; null for one that is not known.</param>
internal sealed class AcmeChallenges(RequestDelegate next, Func<string, string?> keyAuthorization)
{
    private static readonly PathString Folder = new("/.well-known/acme-challenge");

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if ((!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            || !request.Path.StartsWithSegments(Folder, StringComparison.Ordinal, out var rest)
            || rest.Value is not ['/', .. { Length: > 0 } token]
            || keyAuthorization(token) is not { } answer)
        {
            return next(context);
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = answer.Length;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : context.Response.WriteAsync(answer, context.RequestAborted);
    }
}
