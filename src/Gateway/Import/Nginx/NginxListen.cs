using System.Globalization;
using System.Net;

namespace Gateway.Import.Nginx;

/// <summary>One <c>listen</c>.</summary>
/// <param name="Directive">Null for nginx's default, port 80.</param>
/// <param name="Address">As gateway.json writes it: 0.0.0.0, [::], 127.0.0.1, unix:/run/x.sock.</param>
internal sealed record NginxListen(NginxDirective? Directive, string Address, int Port, bool IsTls, bool IsDefault)
{
    private static readonly string[] Tuning = ["deferred", "bind", "reuseport", "setfib", "fastopen", "backlog", "rcvbuf", "sndbuf", "accept_filter", "ipv6only", "so_keepalive", "http2", "spdy"];

    public bool IsAnyAddress => Address is "0.0.0.0" or "[::]";

    public bool IsSocket => Address.StartsWith("unix:", StringComparison.Ordinal);

    public bool IsLocal => IsSocket || (IPAddress.TryParse(Address.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    public static IReadOnlyList<NginxListen> Read(NginxScope server, ImportContext context)
    {
        var listens = new List<NginxListen>();
        var isOn = server.Find("ssl") is { First: "on" };
        foreach (var directive in server.Own("listen"))
        {
            if (Read(directive, isOn) is { } listen)
            {
                listens.Add(listen);
                Report(listen, context.Report);
            }
            else
            {
                context.Report.Refuse(directive, "not an address that the gateway can listen on: write * or an IP address and a port under Kestrel:Endpoints");
            }
        }

        return listens.Count > 0 ? listens : [new NginxListen(null, "0.0.0.0", isOn ? 443 : 80, isOn, false)];
    }

    private static NginxListen? Read(NginxDirective directive, bool isTls)
    {
        var text = directive.First;
        isTls |= directive.Arguments.Contains("ssl") || directive.Arguments.Contains("quic");
        var isDefault = directive.Arguments.Contains("default_server") || directive.Arguments.Contains("default");
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            return new NginxListen(directive, text, 0, isTls, isDefault);
        }

        var colon = text.LastIndexOf(':');
        var (host, port) = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? ("*", text)
            : colon < 0 || text.EndsWith(']') ? (text, isTls ? "443" : "80")
            : (text[..colon], text[(colon + 1)..]);
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
        {
            return null;
        }

        var address = host switch { "*" => "0.0.0.0", "localhost" => "127.0.0.1", _ => host };
        var isIp = IPAddress.TryParse(address.Trim('[', ']'), out _) && (address[0] == '[' || address.Count(c => c == '.') == 3);
        return isIp ? new NginxListen(directive, address, number, isTls, isDefault) : null;
    }

    private static void Report(NginxListen listen, ImportReport report)
    {
        var directive = listen.Directive!;
        foreach (var word in directive.Arguments.Skip(1))
        {
            var name = word.Split('=')[0];
            if (name == "quic")
            {
                report.Change(directive, "HTTP/3 is on where the machine has libmsquic");
            }
            else if (name == "proxy_protocol")
            {
                report.Change(directive, "only from Gateway:TrustedProxies is a PROXY protocol header read");
            }
            else if (Tuning.Contains(name) && name is not ("http2" or "ipv6only"))
            {
                report.Change(directive, $"'{name}' is the gateway's own affair");
            }
            else if (!Tuning.Contains(name) && name is not ("ssl" or "default_server" or "default"))
            {
                report.Refuse(directive, $"'{word}' is not known to the import: look up what it does");
            }
        }

        if (listen.IsTls && !directive.Arguments.Contains("http2") && !directive.Arguments.Contains("quic"))
        {
            report.Change(directive, "HTTP/2 is offered as well");
        }

        report.Keep(directive);
    }
}
