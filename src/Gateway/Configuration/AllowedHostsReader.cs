using System.Net;

namespace Gateway.Configuration;

/// <summary>Reads <c>AllowedHosts</c>: text separated by ';' as in ASP.NET Core, or a list.</summary>
internal static class AllowedHostsReader
{
    public static IReadOnlyList<string> Read(ConfigurationNode root, ConfigurationErrors errors)
    {
        if (root.Child("AllowedHosts") is not { } node)
        {
            return [];
        }

        var hosts = new List<string>();
        foreach (var entry in node.IsContainer ? node.Children : [node])
        {
            foreach (var host in (entry.Value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (IsHost(host))
                {
                    hosts.Add(host);
                }
                else
                {
                    errors.Add(entry, QuotedValue.Of(host), "must be a host name, *.domain, an IP address or *, without scheme, port and path", "for example example.com;*.example.com");
                }
            }
        }

        return hosts;
    }

    private static bool IsHost(string host)
    {
        if (host == "*")
        {
            return true;
        }

        if (host.StartsWith('['))
        {
            return host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out _);
        }

        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return name.Length <= 253 && name.Split('.').All(label =>
            label.Length is > 0 and <= 63 && label.All(c => char.IsLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-');
    }
}
