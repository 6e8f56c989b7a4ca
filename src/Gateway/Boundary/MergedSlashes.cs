namespace Gateway.Boundary;

/// <summary>
/// Routes <c>//admin</c> as <c>/admin</c>, as nginx does: many services take one for the other, and nobody must get past the guards of a
/// route by that. The service still receives what the client sent, unless the route rewrites it. Stands before routing.
/// </summary>
internal sealed class MergedSlashes(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
        {
            context.Request.Path = Merge(path);
        }

        return next(context);
    }

    private static string Merge(string path)
    {
        var merged = new char[path.Length];
        var length = 0;
        foreach (var c in path)
        {
            if (c != '/' || length == 0 || merged[length - 1] != '/')
            {
                merged[length++] = c;
            }
        }

        return new string(merged, 0, length);
    }
}
