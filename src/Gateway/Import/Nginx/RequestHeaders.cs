namespace Gateway.Import.Nginx;

/// <summary>proxy_set_header: what the service receives.</summary>
internal sealed class RequestHeaders(ImportContext context, NginxServer server)
{
    // The gateway sends these by itself.
    private static readonly string[] Own = ["X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "traceparent"];

    private const string Port = "with the port, where the client names one; nginx's $host has none";

    private bool _trustsProxies;

    public bool WebSockets { get; private set; }

    public List<JsonText> Transforms { get; } = [];

    /// <summary>What the service gets beyond what nginx sends.</summary>
    public IReadOnlyList<string> Added { get; private set; } = [];

    /// <param name="scope">Of the location.</param>
    /// <param name="target">What <c>$proxy_host</c> stands for.</param>
    /// <param name="isUpstream">Whether that is an upstream's name, which no address holds.</param>
    public void Read(NginxScope scope, ProxyTarget target, bool isUpstream)
    {
        var directives = scope.All("proxy_set_header");
        _trustsProxies = scope.All("set_real_ip_from").Count > 0;
        var isHostSet = false;
        foreach (var directive in directives.Where(d => d.Arguments.Count == 2))
        {
            var value = NginxValue.Resolve(directive.Arguments[1], scope, context.Report);
            if (!NginxValue.IsHeaderName(directive.First))
            {
                context.Report.Refuse(directive, "left out: no header has such a name");
                continue;
            }

            isHostSet |= directive.First.Equals("Host", StringComparison.OrdinalIgnoreCase);
            Translate(directive, directive.First, value, target, isUpstream);
        }

        if (!isHostSet)
        {
            UseServicesHost(target, isUpstream);
        }

        Added = [.. Own.Except(directives.Select(d => d.First), StringComparer.OrdinalIgnoreCase)];
    }

    private void Translate(NginxDirective directive, string name, string value, ProxyTarget target, bool isUpstream)
    {
        var report = context.Report;
        switch (name.ToLowerInvariant(), value)
        {
            case ("x-forwarded-for", "$remote_addr") or ("x-forwarded-proto", "$scheme") or ("x-forwarded-host", "$http_host") when _trustsProxies:
                report.Change(directive, "what Gateway:TrustedProxies say of it counts, and the addresses of all of them stand there");
                break;
            case ("host", "$http_host") or ("x-forwarded-host", "$http_host") or ("x-real-ip", "$remote_addr") or ("x-forwarded-for", "$remote_addr") or ("x-forwarded-proto", "$scheme"):
                report.Keep(directive);
                break;
            case ("host" or "x-forwarded-host", "$host" or "$host:$server_port" or "$host:$port"):
                report.Change(directive, Port);
                break;
            case ("host", "$proxy_host"):
                report.Keep(directive);
                UseServicesHost(target, isUpstream);
                break;
            case ("x-real-ip" or "x-forwarded-for", _) when NginxValue.HasVariables(value):
                report.Change(directive, "what the client claims is dropped, unless it is one of Gateway:TrustedProxies");
                break;
            case ("x-forwarded-proto", "$http_x_forwarded_proto" or "$proxy_x_forwarded_proto"):
                report.Change(directive, "the scheme of the connection; another one is believed from Gateway:TrustedProxies only");
                break;
            case ("upgrade", "$http_upgrade"):
                WebSockets = true;
                report.Change(directive, "WebSockets, for pages of the same host; others stand in Gateway:WebSockets:AllowedOrigins");
                break;
            case ("connection", _):
                Connection(directive, value);
                break;
            case (_, ""):
                Transforms.Add(new JsonText().Add("RequestHeaderRemove", name));
                report.Keep(directive);
                break;
            default:
                Set(directive, name, value);
                break;
        }
    }

    private void Connection(NginxDirective directive, string value)
    {
        var isMapped = value.StartsWith('$') && IsUpgradeMap(value);
        if (isMapped || value is "" or "close" or "keep-alive" || value.Equals("upgrade", StringComparison.OrdinalIgnoreCase) || value == "$http_connection")
        {
            context.Report.Keep(directive, "the gateway's own affair: 'upgrade' for WebSockets, kept open otherwise");
        }
        else
        {
            context.Report.Refuse(directive, "Connection is written by the gateway: 'upgrade' for WebSockets, nothing otherwise");
        }
    }

    // map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    private bool IsUpgradeMap(string variable)
    {
        var map = context.Http.Own("map").FirstOrDefault(m => m.Arguments is ["$http_upgrade", var name] && name == variable);
        if (map is not null)
        {
            context.Report.Keep(map, "what it is for, the gateway does by itself");
            foreach (var line in map.Content)
            {
                context.Report.Keep(line);
            }
        }

        return map is not null;
    }

    private void Set(NginxDirective directive, string name, string value)
    {
        var report = context.Report;
        if (Known(value) is { } known)
        {
            Transforms.Add(new JsonText().Add("RequestHeader", name).Add("Set", known));
            report.Keep(directive);
            return;
        }

        if (value.Equals("$http_" + name.Replace('-', '_'), StringComparison.OrdinalIgnoreCase))
        {
            report.Keep(directive, "passes by itself");
            return;
        }

        report.Refuse(directive, value switch
        {
            _ when value.Contains("$remote_addr", StringComparison.Ordinal) || value.Contains("$proxy_add_x_forwarded_for", StringComparison.Ordinal) || value.Contains("$http_cf_connecting_ip", StringComparison.OrdinalIgnoreCase)
                => "left out: have the service read X-Real-IP",
            "$remote_user" => "left out: have the service read X-Authenticated-User",
            _ when value.Contains("$scheme", StringComparison.Ordinal) => "left out: have the service read X-Forwarded-Proto",
            _ when value.Contains("host", StringComparison.Ordinal) || value.Contains("$server_port", StringComparison.Ordinal) => "left out: have the service read Host or X-Forwarded-Host",
            _ when value.Contains("uri", StringComparison.Ordinal) => "left out: the service sees path and query in the request itself",
            _ => "left out: a header can be given a fixed value only (RequestHeader transform)",
        });
    }

    private string? Known(string value)
    {
        var known = value.Replace("$server_name", server.Names.Hosts.Count > 0 ? server.Names.Hosts[0] : "_", StringComparison.Ordinal);
        if (server.OnlyScheme is { } scheme)
        {
            known = known.Replace("$scheme", scheme, StringComparison.Ordinal);
        }

        if (server.Ports is [var port])
        {
            known = known.Replace("$server_port", port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        return NginxValue.HasVariables(known) || known.Any(char.IsControl) ? null : known;
    }

    private void UseServicesHost(ProxyTarget target, bool isUpstream)
    {
        Transforms.Insert(0, new JsonText().Add("RequestHeaderOriginalHost", false));
        if (isUpstream)
        {
            Transforms.Add(new JsonText().Add("RequestHeader", "Host").Add("Set", target.Authority));
        }
    }
}
