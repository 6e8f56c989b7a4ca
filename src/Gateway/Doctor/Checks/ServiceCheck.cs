using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether each service takes connections, answers HTTP, and opens WebSockets where a route lets them pass; asked directly.</summary>
internal sealed class ServiceCheck : ICheck
{
    public string Topic => "services";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var services = await examination.ServicesAsync();
        if (services.Count == 0)
        {
            return CheckResult.NotApplicable("no route leads to a service");
        }

        var findings = services.Select(service => Look(examination, service)).OfType<Finding>().ToList();
        var upgrades = await WebSocketQuestions.AskServicesAsync(examination, cancellationToken);
        findings.AddRange(upgrades.Select(asked => Look(examination, asked)).OfType<Finding>());
        var opened = upgrades.Where(u => u.Answer.IsOpened).Select(u => u.Service).ToHashSet();
        return new CheckResult(
            string.Join(", ", services.Select(s => $"{s.Cluster} ({s.Address}) {(opened.Contains(s) ? "HTTP and WebSocket" : "HTTP")}")), findings);
    }

    private static Finding? Look(Examination examination, ServiceAnswer service)
    {
        var uri = new Uri(service.Address);
        if (!service.IsUp)
        {
            // With `gateway dev -- COMMAND` they come with it.
            var isOwn = uri.IsLoopback;
            var isQuiet = !examination.IsRunning && examination.Mode == HostMode.Dev;
            return new Finding(
                isQuiet ? Severity.Warning : Severity.Error,
                $"the service '{service.Cluster}' is down: {(service.Failure is { } unknown ? $"{unknown} ({service.Address})" : $"nothing takes connections at {service.Address}")}",
                "its routes answer 502",
                service.Failure is not null ? "correct its address in gateway.json"
                    : isQuiet ? $"start it, such as together with the gateway: {examination.OwnCommand} dev -- COMMAND; or correct its address"
                    : isOwn ? "start it, or correct its address; what listens on this machine:" : "start it, let its firewall pass this machine, or correct its address",
                service.Failure is not null ? [ExternalCommand.ForShell("getent", "ahosts", uri.DnsSafeHost)] : isQuiet ? [] : isOwn ? [$"{Examination.Sudo}ss -Hltnp"] : [ExternalCommand.ForShell("curl", "-sv", "-o", "/dev/null", service.Address)])
            { Place = Place(examination, service) };
        }

        if (service.Failure is { } failure)
        {
            return new Finding(
                Severity.Error,
                $"the service '{service.Cluster}' at {service.Address} takes connections but does not answer HTTP: {failure}",
                "its routes answer 502 or 504",
                "see whether it speaks HTTP on that port (https:// or http://), and its log",
                ExternalCommand.ForShell("curl", "-sv", "-o", "/dev/null", service.Address))
            { Place = Place(examination, service) };
        }

        return service.Status >= 500
            ? new Finding(
                Severity.Warning, $"the service '{service.Cluster}' at {service.Address} answers {service.Status} to a plain GET", "clients get that answer", "see its log",
                ExternalCommand.ForShell("curl", "-si", service.Address))
            : null;
    }

    private static Finding? Look(Examination examination, AskedService asked)
    {
        var (path, answer, route) = (asked.Path, asked.Answer, asked.Route);
        if (answer.IsOpened || !RouteMetadata.AllowsWebSockets(route))
        {
            return null;
        }

        var what = $"the service '{asked.Service.Cluster}' at {asked.Service.Address} answers HTTP, but opens no WebSocket at {path.Text}: {Said(answer)}";
        if (path.IsGuess || answer.Status is 401 or 403)
        {
            return answer.Status is 401 or 403
                ? new Finding(Severity.Unknown, what, "it wants a credential, or another origin", $"allow the origin {PublicSide.Of(examination)?.Origin.GetLeftPart(UriPartial.Authority)} in the service if it has a list; a credential cannot be tried from here")
                : new Finding(Severity.Unknown, what, "that path is a guess from the route's pattern, and it may open them at another", "name the path", $"{examination.OwnCommand} doctor{examination.ConfigArgument} --websocket {path.Text.TrimEnd('/')}/PATH");
        }

        return new Finding(
            Severity.Error, what, $"the call cannot be opened ({path.Origin})",
            "the service has to answer 101 there: see its log, and whether it serves that path",
            ExternalCommand.ForShell(
                "curl", "-si", "-m", "3", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                asked.Service.Address.TrimEnd('/') + path.Text))
        { Place = examination.Configuration.Locate($"ReverseProxy:Routes:{route.RouteId}") };
    }

    private static string Said(HandshakeAnswer answer) => answer.Status is { } status ? $"it answers {status}" : answer.Failure ?? "no answer";

    private static string Place(Examination examination, ServiceAnswer service)
    {
        var destination = examination.Configuration.Clusters.First(c => c.ClusterId == service.Cluster).Destinations!.First(d => d.Value.Address == service.Address).Key;
        return examination.Configuration.Locate($"ReverseProxy:Clusters:{service.Cluster}:Destinations:{destination}:Address");
    }
}
