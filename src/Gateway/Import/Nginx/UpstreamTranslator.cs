using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>Upstream blocks, and the addresses of proxy_pass, as clusters.</summary>
internal sealed class UpstreamTranslator(ImportContext context)
{
    private readonly Dictionary<string, string> _clusters = [];
    private Dictionary<string, NginxDirective>? _upstreams;

    /// <summary>The cluster for a target, made unless it is there; null where none of its addresses can be had.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="scope">Of the location.</param>
    /// <param name="name">For a cluster without an upstream block.</param>
    /// <param name="isWebSocket">Whether WebSockets go there, which have no time limit.</param>
    public string? ClusterOf(ProxyTarget target, NginxScope scope, string name, bool isWebSocket)
    {
        var timeout = Timeout(scope, isWebSocket);
        var protocols = target.Scheme == "https" ? ServiceTls.Protocols(scope, context.Report) : [];
        var acceptsAny = target.Scheme == "https" && ServiceTls.AcceptsAnyCertificate(scope, context.Report);
        var version = scope.Find("proxy_http_version") is { First: "1.0" } ? "1.0" : null;
        var key = $"{target.Scheme}|{target.Authority}|{timeout}|{string.Join(',', protocols)}|{acceptsAny}|{version}";
        if (_clusters.TryGetValue(key, out var known))
        {
            return known;
        }

        var upstream = Upstreams.GetValueOrDefault(target.Authority);
        var plan = upstream is null ? new Servers([("one", $"{target.Scheme}://{target.Authority}")], null, null, null) : Read(upstream, target.Scheme);
        if (plan.Destinations.Count == 0)
        {
            return null;
        }

        var cluster = new ImportedCluster
        {
            Name = Unique(Sanitize(upstream is null ? name : target.Authority)),
            Destinations = plan.Destinations,
            LoadBalancing = plan.Policy,
            AffinityCookie = plan.Cookie,
            Rest = plan.Rest,
            ActivityTimeout = timeout,
            Version = version,
            AcceptsAnyCertificate = acceptsAny,
            SslProtocols = protocols,
            Comment = (upstream is null ? "" : ServerRoutes.Origin(upstream)) + (acceptsAny ? (upstream is null ? "" : ": ") + "As nginx does unless proxy_ssl_verify is on, the service's certificate is not checked." : ""),
        };
        if (cluster.AffinityCookie is not null)
        {
            cluster.AffinityCookie = ".gateway-" + cluster.Name;
        }

        context.Output.Clusters.Add(cluster);
        return _clusters[key] = cluster.Name;
    }

    public bool IsUpstream(string authority) => Upstreams.ContainsKey(authority);

    public static string Sanitize(string name)
    {
        var text = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' ? c : '-')).Trim('-', '.');
        return text.Length > 0 ? text : "service";
    }

    private Dictionary<string, NginxDirective> Upstreams => _upstreams ??= context.Http.Own("upstream")
        .Where(u => u.Block is not null && u.First.Length > 0).GroupBy(u => u.First).ToDictionary(g => g.Key, g => g.First());

    private string Unique(string name)
    {
        var unique = name;
        for (var i = 2; context.Output.Clusters.Any(c => c.Name.Equals(unique, StringComparison.OrdinalIgnoreCase)); i++)
        {
            unique = $"{name}-{i}";
        }

        return unique;
    }

    private TimeSpan? Timeout(NginxScope scope, bool isWebSocket)
    {
        if (scope.Find("proxy_read_timeout") is not { } directive)
        {
            return null;
        }

        if (NginxValue.Time(directive.First) is not { } time || time <= TimeSpan.Zero)
        {
            context.Report.Refuse(directive, "not a time: the gateway waits 5 minutes (Gateway:Timeouts:Request)");
            return null;
        }

        if (isWebSocket)
        {
            context.Report.Change(directive, "for requests; WebSockets stay open however silent they are");
        }
        else
        {
            context.Report.Keep(directive);
        }

        return time;
    }

    private sealed record Servers(IReadOnlyList<(string Name, string Address)> Destinations, string? Policy, string? Cookie, TimeSpan? Rest);

    private Servers Read(NginxDirective upstream, string scheme)
    {
        var report = context.Report;
        report.Keep(upstream);
        var (policy, cookie) = Balancing(upstream);
        var servers = new List<(string Address, int Weight)>();
        TimeSpan? rest = null;
        foreach (var server in upstream.Content.Where(d => d.Name == "server"))
        {
            if (Address(server, scheme) is { } address)
            {
                servers.Add((address, Weight(server)));
                rest = server.Arguments.Select(a => a.Split('=')).Where(a => a is ["fail_timeout", _]).Select(a => NginxValue.Time(a[1])).FirstOrDefault(t => t > TimeSpan.Zero) ?? rest;
            }
        }

        var divisor = servers.Aggregate(0, (d, s) => Gcd(d, s.Weight));
        var copies = servers.Sum(s => s.Weight / Math.Max(1, divisor)) <= 32;
        var destinations = new List<(string, string)>();
        foreach (var (address, weight) in servers)
        {
            for (var i = 0; i < (copies && cookie is null ? weight / divisor : 1); i++)
            {
                destinations.Add(((destinations.Count + 1).ToString(CultureInfo.InvariantCulture), address));
            }
        }

        if (!copies || cookie is not null)
        {
            foreach (var server in upstream.Content.Where(d => d.Name == "server" && Weight(d) > 1))
            {
                report.Refuse(server, "its weight is not kept: each address gets the same share; name one several times in the cluster for more");
            }
        }

        var isGroup = destinations.Select(d => d.Item2).Distinct().Count() > 1;
        return new Servers(destinations, isGroup ? policy : null, isGroup ? cookie : null, isGroup ? rest ?? TimeSpan.FromSeconds(10) : null);
    }

    private (string Policy, string? Cookie) Balancing(NginxDirective upstream)
    {
        var (policy, cookie) = ("RoundRobin", default(string));
        foreach (var directive in upstream.Content)
        {
            switch (directive.Name)
            {
                case "least_conn":
                    policy = "LeastRequests";
                    context.Report.Keep(directive);
                    break;
                case "random" when directive.Arguments is ["two", ..]:
                    policy = "PowerOfTwoChoices";
                    context.Report.Keep(directive);
                    break;
                case "random":
                    policy = "Random";
                    context.Report.Keep(directive);
                    break;
                case "ip_hash" or "sticky":
                case "hash" when directive.First is "$remote_addr" or "$binary_remote_addr":
                    cookie = "";
                    context.Report.Change(directive, "a cookie keeps a client at its destination (SessionAffinity), not its address");
                    break;
                case "hash":
                    context.Report.Refuse(directive, "the destinations take turns; a cookie (SessionAffinity) can keep a client at one");
                    break;
                case "keepalive" or "keepalive_timeout" or "keepalive_requests" or "keepalive_time":
                    context.Report.Change(directive, "the gateway keeps connections to services open by itself");
                    break;
                case "zone" or "resolver":
                    context.Report.Change(directive, "not needed: the gateway is one process, and looks names up again by itself");
                    break;
            }
        }

        return (policy, cookie);
    }

    private string? Address(NginxDirective server, string scheme)
    {
        var report = context.Report;
        if (server.First.StartsWith("unix:", StringComparison.Ordinal))
        {
            report.Refuse(server, ProxyTarget.UnixSocket);
            return null;
        }

        if (server.Arguments.Contains("down"))
        {
            report.Keep(server, "left out, as it is down");
            return null;
        }

        if (server.Arguments.Contains("backup"))
        {
            report.Refuse(server, "left out: a cluster has no spare destinations. Add it as an ordinary one, with HealthCheck:Active to leave out what is down");
            return null;
        }

        // Within an upstream block the port is 80 whatever the scheme.
        var authority = server.First.LastIndexOf(':') is var colon and >= 0 && server.First[(colon + 1)..] is { Length: > 0 } port && port.All(char.IsAsciiDigit) ? server.First : server.First + ":80";
        if (!Uri.TryCreate($"{scheme}://{authority}", UriKind.Absolute, out var url) || url.Host.Length == 0 || url.AbsolutePath != "/" || url.UserInfo.Length > 0)
        {
            report.Refuse(server, "left out: not a host with a port");
            return null;
        }

        foreach (var word in server.Arguments.Skip(1))
        {
            switch (word.Split('=')[0])
            {
                case "weight":
                    report.Keep(server, Weight(server) > 1 ? "as several destinations with the same address" : null);
                    break;
                case "max_fails" or "fail_timeout":
                    report.Change(server, "HealthCheck:Passive leaves out a destination most of whose requests fail");
                    break;
                case "resolve" or "slow_start":
                    report.Change(server, $"'{word}': names are looked up again every 5 minutes and whenever a connection fails; there is no slow start");
                    break;
                case "max_conns":
                    report.Refuse(server, "'max_conns' is left out: HttpClient:MaxConnectionsPerServer limits connections, and requests then wait");
                    break;
                default:
                    report.Refuse(server, $"'{word}' is not known to the import");
                    break;
            }
        }

        report.Keep(server);
        return $"{scheme}://{authority}";
    }

    private static int Weight(NginxDirective server) =>
        server.Arguments.Select(a => a.Split('=')).FirstOrDefault(a => a is ["weight", _]) is [_, var text]
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var weight) && weight > 0 ? weight : 1;

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
