using Gateway.Configuration;
using Gateway.Proxying;

namespace Gateway.Boundary;

/// <summary>Refuses a host that <c>AllowedHosts</c> does not name with 421 (RFC 9110 section 15.5.20), before anything is forwarded.</summary>
internal sealed class HostFilter(RequestDelegate next, CurrentConfiguration configuration)
{
    private Rules _rules = new([]);

    public Task InvokeAsync(HttpContext context)
    {
        var allowed = configuration.Value.AllowedHosts;
        var rules = _rules;
        if (rules.Source != allowed)
        {
            _rules = rules = new Rules(allowed);
        }

        // In its own script, and as it came: xn--... for such a name.
        if (rules.AllowAll || rules.Allow(context.Request.Host.Host) || rules.Allow(new HostString(context.Request.Headers.Host.ToString()).Host))
        {
            return next(context);
        }

        Refusal.Set(context, StatusCodes.Status421MisdirectedRequest, cause: "the host is none of those that are served", setting: "AllowedHosts");
        return Task.CompletedTask;
    }

    /// <param name="source">Names without port; <c>*.example.com</c> allows every name below example.com; none or <c>*</c> allows all.</param>
    private sealed class Rules(IReadOnlyList<string> source)
    {
        private readonly HashSet<string> _names = new(source, StringComparer.OrdinalIgnoreCase);
        private readonly string[] _suffixes = [.. source.Where(h => h.StartsWith("*.", StringComparison.Ordinal)).Select(h => h[1..])];

        public IReadOnlyList<string> Source => source;

        public bool AllowAll { get; } = source.Count == 0 || source.Contains("*");

        public bool Allow(string host)
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
}
