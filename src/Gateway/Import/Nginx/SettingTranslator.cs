using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>What holds for the whole gateway: HSTS, trusted proxies, limits.</summary>
internal static partial class SettingTranslator
{
    /// <summary>Strict-Transport-Security of all servers together.</summary>
    /// <returns>Whether one setting says it.</returns>
    public static bool Hsts(IReadOnlyList<NginxServer> servers, ImportContext context)
    {
        string[] values = [.. servers.SelectMany(s => Below(s.Scope.Block!).Concat(s.Scope.All("add_header")))
            .Where(d => d.Name == "add_header" && d.Arguments.Count > 1 && d.First.Equals(ResponseHeaders.Hsts, StringComparison.OrdinalIgnoreCase))
            .Select(d => d.Arguments[1].Trim().TrimEnd(';')).Distinct()];
        if (values is [var only] && HstsValue().IsMatch(only))
        {
            context.Output.Settings.Add(("StrictTransportSecurity", only, null));
            return true;
        }

        if (context.HasHttps)
        {
            context.Output.Settings.Add(("StrictTransportSecurity", "off", values.Length == 0 ? "nginx sent none. Without this line browsers remember for a year that they must use HTTPS." : "Sent by the routes that sent it behind nginx."));
        }

        return false;
    }

    public static void TrustedProxies(IReadOnlyList<NginxServer> servers, ImportContext context)
    {
        var report = context.Report;
        var ranges = new List<string>();
        foreach (var directive in servers.SelectMany(s => s.Scope.All("set_real_ip_from")).Distinct())
        {
            if (AccessTranslator.Range(directive.First) is { } range)
            {
                ranges.Add(range.PrefixLength == range.BaseAddress.GetAddressBytes().Length * 8 ? range.BaseAddress.ToString() : range.ToString());
                report.Change(directive, "their X-Forwarded-Proto and -Host are believed as well");
            }
            else
            {
                report.Refuse(directive, "left out: TrustedProxies takes addresses and ranges only");
            }
        }

        foreach (var header in servers.SelectMany(s => s.Scope.All("real_ip_header")).Distinct())
        {
            switch (header.First.ToLowerInvariant())
            {
                case "x-forwarded-for":
                    report.Change(header, "read from the right up to the first address that is not trusted, as with real_ip_recursive on");
                    break;
                case "proxy_protocol":
                    report.Keep(header);
                    break;
                default:
                    report.Refuse(header, "the gateway reads the client's address from X-Forwarded-For only: have the proxy in front send it");
                    break;
            }
        }

        if (ranges.Count == 0)
        {
            return;
        }

        context.Output.Settings.Add(("TrustedProxies", new List<object>(ranges.Distinct()), null));
        if (servers.SelectMany(s => s.Listens).Any(l => l.Directive?.Arguments.Contains("proxy_protocol") == true))
        {
            context.Output.Settings.Add(("ProxyProtocol", true, null));
        }
    }

    /// <summary>gzip for all servers together.</summary>
    public static void Compression(IReadOnlyList<NginxServer> servers, ImportContext context)
    {
        NginxDirective[] on = [.. servers.Select(s => s.Scope.Find("gzip")).OfType<NginxDirective>().Where(d => d.First == "on").Distinct()];
        if (on.Length > 0)
        {
            context.Output.Settings.Add(("Compression", true, string.Join(", ", on.Select(d => d.Place.Short))));
        }

        foreach (var directive in on)
        {
            context.Report.Change(directive, "Gateway:Compression: brotli or gzip for text of a known length; streams are never compressed");
        }
    }

    /// <summary>Limits that the gateway has for everybody together, where nginx's hold for everything too.</summary>
    public static void Limits(IReadOnlyList<NginxServer> servers, ImportContext context, JsonText limits)
    {
        var report = context.Report;
        var zones = context.Http.Own("limit_req_zone").Concat(context.Http.Own("limit_conn_zone")).Where(z => z.Arguments.Count >= 2).ToArray();
        foreach (var (name, key) in new[] { ("limit_req", "RequestsPerSecondPerAddress"), ("limit_conn", "MaxConnectionsPerAddress") })
        {
            NginxDirective[] all = [.. servers.SelectMany(s => Below(s.Scope.Block!).Concat(s.Scope.All(name))).Concat(context.Http.Own(name)).Where(d => d.Name == name).Distinct()];
            var everywhere = servers.Count > 0 && servers.All(s => s.Scope.All(name).Count > 0) && all.Length == 1;
            foreach (var directive in all)
            {
                var zone = directive.Arguments.Select(a => a.StartsWith("zone=", StringComparison.Ordinal) ? a[5..] : name == "limit_conn" ? a : "").FirstOrDefault(a => a.Length > 0);
                var definition = zones.FirstOrDefault(z => z.Name == name + "_zone" && z.Arguments.Any(a => a.StartsWith($"zone={zone}:", StringComparison.Ordinal)));
                var isByAddress = definition?.First is "$binary_remote_addr" or "$remote_addr";
                var number = name == "limit_conn" ? directive.Arguments.ElementAtOrDefault(1)
                    : definition?.Arguments.FirstOrDefault(a => a.StartsWith("rate=", StringComparison.Ordinal) && a.EndsWith("r/s", StringComparison.Ordinal))?[5..^3];
                if (everywhere && isByAddress && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0)
                {
                    limits.Add(key, value);
                    report.Change(directive, name == "limit_req" ? "429 beyond, with twice as many at once; for all routes" : "counts connections and not requests; beyond, they are closed");
                    report.Change(definition!, $"as Gateway:Limits:{key}");
                }
                else
                {
                    report.Refuse(directive, $"left out: the gateway limits all requests of an address alike (Gateway:Limits:{key}), not those to some paths");
                }
            }
        }

        foreach (var zone in zones.Where(z => !report.IsSaid(z)))
        {
            report.Refuse(zone, "left out: no limit that was imported uses it");
        }

        if (servers.Select(s => s.Scope.Find("client_header_timeout")).Distinct().ToArray() is [{ } timeout] && NginxValue.Time(timeout.First) is { } time && time > TimeSpan.Zero)
        {
            limits.Add("RequestHeadersTimeout", time.ToString("c"));
            report.Keep(timeout);
        }

        if (servers.SelectMany(s => s.Scope.All("large_client_header_buffers")).Distinct().ToArray() is [{ Arguments: [var count, var size] } buffers]
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var buffersCount) && NginxValue.Size(size) is { } bytes && bytes is >= 1024 and <= 1048576)
        {
            limits.Add("MaxRequestLineSize", bytes);
            limits.Add("MaxRequestHeadersSize", Math.Min(1048576, bytes * Math.Clamp(buffersCount, 1, 1024)));
            report.Change(buffers, "the sizes count for the request line and for all headers together");
        }
    }

    private static IEnumerable<NginxDirective> Below(NginxDirective block) => block.Content.SelectMany(d => (IEnumerable<NginxDirective>)[d, .. Below(d)]);

    [GeneratedRegex("^max-age=[0-9]{1,10}(; ?includeSubDomains)?(; ?preload)?$")]
    private static partial Regex HstsValue();
}
