using Gateway.Configuration;
using Gateway.Platform;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>Answers for routes that have no service: a redirect, or a status with perhaps a text. Stands behind routing and access.</summary>
internal sealed class RouteAnswers(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.FindEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config is not { Metadata: not null } route || RouteAnswer.Of(route) is not { } answer)
        {
            return next(context);
        }

        if (answer.Redirect is { } target)
        {
            context.Response.StatusCode = answer.Status;
            context.Response.Headers.Location = Fill(target, context);
            return Task.CompletedTask;
        }

        if (answer.Text is null && answer.Status >= 400)
        {
            Refusal.Set(context, answer.Status, cause: "the route answers so by itself", setting: $"ReverseProxy:Routes:{route.RouteId}:Metadata:{RouteAnswer.StatusKey}");
            return Task.CompletedTask;
        }

        context.Response.StatusCode = answer.Status;
        if (answer.Text is not { } text || answer.Status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified)
        {
            return Task.CompletedTask;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(text);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static string Fill(string target, HttpContext context)
    {
        var location = RouteAnswer.Placeholder().Replace(target, match => match.Groups[1].Value switch
        {
            "scheme" => context.Request.Scheme,
            "host" => new HostString(context.Request.Headers.Host.ToString()).Host,
            "uri" => RequestTarget.PathOf(context) + Query(context),
            "path" => RequestTarget.PathOf(context),
            "query" => Query(context),
            // Encoded as a path; the slashes of {**rest} stay.
            var name => new PathString("/" + context.Request.RouteValues[name]).ToUriComponent()[1..],
        });
        // "//name" would be another host.
        return target[0] == '/' || target.StartsWith("{path}", StringComparison.Ordinal) || target.StartsWith("{uri}", StringComparison.Ordinal) ? "/" + location.TrimStart('/') : location;
    }

    private static string Query(HttpContext context) => context.Request.QueryString.ToUriComponent();
}
