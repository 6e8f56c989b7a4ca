using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>Where the operator's own endpoint listens: on this machine only, for it asks nobody who he is.</summary>
/// <param name="Tcp">A loopback address and port; null for a unix socket.</param>
/// <param name="Socket">The path of a unix socket; null for TCP.</param>
internal sealed record AdminAddress(IPEndPoint? Tcp, string? Socket)
{
    private const string UnixPrefix = "unix:";

    /// <summary>Of <c>gateway run</c>, unless <c>Gateway:Admin</c> says otherwise.</summary>
    public static readonly AdminAddress Default = new(new IPEndPoint(IPAddress.Loopback, 9180), null);

    /// <summary>Of <c>gateway dev</c>, whose ports are all its own: beside a production gateway it takes nothing from it.</summary>
    public static readonly AdminAddress Dev = new(new IPEndPoint(IPAddress.Loopback, 5180), null);

    /// <summary>The address, or null with what is wrong with it.</summary>
    public static AdminAddress? Parse(string text, out string rule, out string? remedy)
    {
        rule = "must be off, a loopback address with a port, or unix: and a path";
        remedy = "for example 127.0.0.1:9180 or unix:/run/gateway/admin.sock";
        if (text.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase))
        {
            var path = text[UnixPrefix.Length..];
            return Path.IsPathFullyQualified(path) && !Path.EndsInDirectorySeparator(path) ? new AdminAddress(null, path) : null;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon];
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new AdminAddress(new IPEndPoint(IPAddress.Loopback, port), null);
        }

        if (host is not ("*" or "+") && (host.Contains(':', StringComparison.Ordinal) != host.StartsWith('[') || !IPAddress.TryParse(host, out _)))
        {
            return null;
        }

        if (host is "*" or "+" || !IPAddress.IsLoopback(IPAddress.Parse(host)))
        {
            rule = "is not on the loopback, and whoever reaches it sees every client and every path without being asked who he is";
            remedy = "keep it on 127.0.0.1, and give others a route to it that has an AuthorizationPolicy (README, Status), or an SSH tunnel";
            return null;
        }

        return new AdminAddress(new IPEndPoint(IPAddress.Parse(host), port), null);
    }

    /// <summary>As it is written: <c>127.0.0.1:9180</c>, <c>unix:/run/gateway/admin.sock</c>.</summary>
    public override string ToString() => Tcp?.ToString() ?? UnixPrefix + Socket;
}

/// <summary>What the operator wrote at <c>Gateway:Admin</c>.</summary>
/// <param name="Address">Null for <c>off</c>.</param>
/// <param name="Location">Where it is written.</param>
internal sealed record AdminOptions(AdminAddress? Address, string Location);
