using System.Net;
using System.Net.NetworkInformation;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the ports of the endpoints are the gateway's, or could be, and who has them.</summary>
internal sealed class PortCheck : ICheck
{
    public string Topic => "ports";

    public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
        var endpoints = examination.Configuration.Endpoints.Where(e => e.Port > 0).ToArray();
        var findings = endpoints.Select(endpoint => Look(examination, endpoint, listeners)).OfType<Finding>().ToList();
        if (examination.IsModeGuessed)
        {
            // Perhaps `gateway run` was meant. Its ports are no error on a machine where nobody starts it.
            findings.AddRange(examination.Written.Endpoints
                .Where(e => e.Port > 0 && Owner(examination, e, listeners) is not null && !endpoints.Any(other => other.Port == e.Port))
                .Select(e => Look(examination, e, listeners)).OfType<Finding>()
                .Select(finding => finding with { Severity = Severity.Warning, Why = "`gateway run` would not start with this file; `gateway dev` has ports of its own" }));
        }

        var ports = string.Join(", ", endpoints.Select(e => e.Port));
        return Task.FromResult(endpoints.Length == 0
            ? CheckResult.NotApplicable("no endpoint with a TCP port is configured")
            : new CheckResult(examination.IsRunning ? $"{ports}: this gateway's" : $"{ports}: free", findings.DistinctBy(f => f.What).ToList()));
    }

    private static Finding? Look(Examination examination, EndpointOptions endpoint, IPEndPoint[] listeners)
    {
        if (Owner(examination, endpoint, listeners) is { } taken)
        {
            return taken;
        }

        var isOpen = listeners.Any(l => Overlaps(endpoint, l));
        if (examination.IsRunning && !isOpen)
        {
            return new Finding(
                Severity.Error, $"the gateway runs, but nothing listens on {endpoint.Url}", "clients are refused there",
                "its log says why the endpoint could not be opened; restart it", examination.Restart is { Length: > 0 } restart ? [restart] : [])
            { Place = endpoint.Location };
        }

        return !isOpen && examination.Unit?.MayBindLowPorts != true && !HostPlatform.Current.MayBind(endpoint.Port) && examination.User?.IsRoot != true
            ? new Finding(
                Severity.Error, $"user '{examination.User?.Name ?? Environment.UserName}' may not use port {endpoint.Port}: ports below 1024 are root's", "the gateway does not start",
                "grant this right to the program, again after each new copy of it; or choose a port such as 8443",
                $"sudo setcap cap_net_bind_service=+ep {ExternalCommand.ForShell(Environment.ProcessPath ?? "gateway")}")
            { Place = endpoint.Location }
            : null;
    }

    // Somebody else has it.
    private static Finding? Owner(Examination examination, EndpointOptions endpoint, IPEndPoint[] listeners)
    {
        if (!listeners.Any(l => Overlaps(endpoint, l)))
        {
            return null;
        }

        PortOwner[] holders = OperatingSystem.IsLinux() ? [.. LinuxPortOwner.Holders(endpoint.Port)] : HostPlatform.Current.FindPortOwner(endpoint.Port) is { } one ? [one] : [];
        if (holders.Any(h => h.ProcessId == examination.ProcessId))
        {
            return null;
        }

        // systemd holds it for a service, which may be the gateway.
        var socket = holders.All(h => h.ProcessId == 1) ? LinuxSystemd.SocketOn(endpoint.Port) : null;
        if (socket is { Service: "gateway.service" } || (holders.Length == 0 && examination.IsRunning))
        {
            return null;
        }

        var by = socket is { } held ? $"systemd for {held.Service} (unit {held.Socket})" : holders.Length > 0 ? holders[0].ToString() : "a process of another user";
        var (remedy, command) = Remedy(endpoint, holders, socket);
        return new Finding(Severity.Error, $"port {endpoint.Port} is in use by {by}", $"the gateway cannot listen on {endpoint.Url}", remedy + ", or choose another port", command) { Place = endpoint.Location };
    }

    private static (string Remedy, string Command) Remedy(EndpointOptions endpoint, PortOwner[] holders, (string Socket, string Service)? socket)
    {
        if (socket is { } held)
        {
            return ("close that socket", $"{Examination.Sudo}systemctl disable --now {held.Socket} {held.Service}".TrimEnd());
        }

        if (holders.Length == 0)
        {
            return ("find out which, stop it", $"sudo ss -Hltnp 'sport = :{endpoint.Port}'");
        }

        if (holders[0].Name == "docker-proxy")
        {
            return ("stop the container that publishes it", $"{Examination.Sudo}docker ps --filter publish={endpoint.Port}");
        }

        return LinuxSystemd.IsRunning && LinuxSystemd.ServiceOf(holders[0].ProcessId) is { } service
            ? ("stop it", $"{Examination.Sudo}systemctl {(holders[0].Name == "gateway" ? "stop" : "disable --now")} {service}")
            : ("stop it", $"{(UnixUser.OfProcess(holders[0].ProcessId) is { } user && user.Name == Environment.UserName ? "" : Examination.Sudo)}kill {holders[0].ProcessId}");
    }

    private static bool Overlaps(EndpointOptions endpoint, IPEndPoint listener) =>
        ListenAddress.Parse(endpoint.Url, out _, out _) is { } address && address.Overlaps(new ListenAddress(false, listener.Port, [listener.Address], null));
}
