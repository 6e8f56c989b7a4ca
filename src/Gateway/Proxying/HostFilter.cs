namespace Gateway.Proxying;

/// <summary>Refuses a host that <c>AllowedHosts</c> does not name with 421 (RFC 9110 section 15.5.20), before anything is forwarded.</summary>
internal sealed class HostFilter
{
    private readonly RequestDelegate _next;
    private readonly HashSet<string> _names;
    private readonly string[] _suffixes;

    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="allowedHosts">Names without port; <c>*.example.com</c> allows every name below example.com.</param>
    public HostFilter(RequestDelegate next, IReadOnlyList<string> allowedHosts)
    {
        _next = next;
        _names = allowedHosts.Where(h => !h.StartsWith("*.", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        _suffixes = [.. allowedHosts.Where(h => h.StartsWith("*.", StringComparison.Ordinal)).Select(h => h[1..])];
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (IsAllowed(context.Request.Host.Host))
        {
            return _next(context);
        }

        Refusal.Set(context, StatusCodes.Status421MisdirectedRequest);
        return Task.CompletedTask;
    }

    private bool IsAllowed(string host)
    {
        if (_names.Contains(host))
        {
            return true;
        }

        foreach (var suffix in _suffixes)
        {
            if (host.Length > suffix.Length && host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
