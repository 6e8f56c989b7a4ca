using System.Net;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Opens a WebSocket through the gateway's public side on each route, and holds it for three seconds.</summary>
internal sealed class WebSocketCheck : ICheck
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(3);

    public string Topic => "websockets";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var asked = await WebSocketQuestions.AskServicesAsync(examination, cancellationToken);
        var findings = asked.Where(a => a.Answer.IsOpened && !RouteMetadata.AllowsWebSockets(a.Route)).Select(a => NotAllowed(examination, a)).ToList();
        var allowed = asked.Where(a => RouteMetadata.AllowsWebSockets(a.Route)).ToArray();
        if (allowed.Length == 0)
        {
            return findings.Count > 0 ? new CheckResult("", findings) : examination.Configuration.Routes.Any(RouteMetadata.AllowsWebSockets)
                ? CheckResult.NotApplicable("the services of the WebSocket routes are down")
                : CheckResult.NotApplicable("no route allows them");
        }

        if (!examination.IsRunning || PublicSide.Of(examination) is not { } side)
        {
            return findings.Count > 0 ? new CheckResult("", findings) : CheckResult.NotApplicable("not tried: no gateway runs");
        }

        // What the service itself refuses is said among the services.
        var tried = await Task.WhenAll(allowed.Where(a => a.Answer.IsOpened || a.Route.AuthorizationPolicy is not null).Select(a => TryAsync(examination, side, a, cancellationToken)));
        findings.AddRange(tried.Select(t => Look(examination, t.Side, t.Asked, t.Answer)).OfType<Finding>());
        return tried.Length > 0
            ? new CheckResult($"{string.Join(", ", tried.Select(t => t.Asked.Path.Text))}: held for {Hold.TotalSeconds:0} s at {side.Origin.GetLeftPart(UriPartial.Authority)}", findings)
            : CheckResult.NotApplicable("not tried: the services open none");
    }

    private static async Task<(PublicSide Side, AskedService Asked, HandshakeAnswer Answer)> TryAsync(Examination examination, PublicSide side, AskedService asked, CancellationToken cancellationToken)
    {
        var host = asked.Route.Match.Hosts?.FirstOrDefault(h => !h.Contains('*', StringComparison.Ordinal))?.Split(':')[0];
        var there = host is null || examination.Asked is not null ? side : side with { Host = host };
        using var client = there.CreateClient();
        var address = new UriBuilder(there.IsHttps ? "wss" : "ws", there.Host, there.Port, asked.Path.Text).Uri;
        return (there, asked, await WebSocketHandshake.TryAsync(address, there.Origin, client, Hold, cancellationToken));
    }

    private static Finding NotAllowed(Examination examination, AskedService asked)
    {
        var route = asked.Route;
        return new Finding(
            Severity.Error,
            $"the route '{route.RouteId}' does not allow WebSockets, and the service '{asked.Service.Cluster}' opens them at {asked.Path.Text} ({asked.Path.Origin})",
            "the handshake goes on as an ordinary request: the page's WebSocket fails",
            $"add to the route '{route.RouteId}'{(route.Metadata is { Count: > 0 } ? ", in its Metadata" : "")}; the gateway takes it up when the file is saved")
        {
            Place = examination.Configuration.Locate($"ReverseProxy:Routes:{route.RouteId}"),
            Write = route.Metadata is { Count: > 0 } ? "\"WebSockets\": \"true\"" : "\"Metadata\": { \"WebSockets\": \"true\" }",
        };
    }

    private static Finding? Look(Examination examination, PublicSide side, AskedService asked, HandshakeAnswer answer)
    {
        var url = $"{(side.IsHttps ? "wss" : "ws")}://{side.Host}:{side.Port}{asked.Path.Text}";
        if (answer.IsOpened)
        {
            return answer.Failure is null ? null : Cut(examination, url, asked, answer);
        }

        var status = answer.Status is { } code ? $"{code} {(HttpStatusCode)code}" : answer.Failure ?? "no answer";
        Finding Failed(string why, string remedy, params string[] commands) =>
            new(Severity.Error, $"{url} cannot be opened, though the service opens it: the gateway answers {status}", why, remedy, commands);
        return answer.Status switch
        {
            401 or 403 when asked.Route.AuthorizationPolicy is { } policy => new Finding(
                Severity.Unknown, $"{url} asks for a credential (policy '{policy}'), so it was not opened from here", "whether it works with one was not tried", "try it from the page, or without a policy"),
            403 => Failed("the page's origin is not among those that may open WebSockets", "add it") with
            {
                Place = examination.Configuration.Locate("Gateway:WebSockets:AllowedOrigins"),
                Write = $"\"AllowedOrigins\": [ \"{side.Origin.GetLeftPart(UriPartial.Authority)}\" ]",
            },
            421 => Failed("AllowedHosts does not name that host", "add it") with
            {
                Place = examination.Configuration.Locate("AllowedHosts"),
                Write = $"\"AllowedHosts\": \"{string.Join(';', examination.Configuration.AllowedHosts.Append(side.Host))}\"",
            },
            503 when examination.Configuration.Gateway.Maintenance is not null || examination.Status?.Limits.Count is not > 0 =>
                Failed("maintenance is on, or all WebSockets are taken", "end the maintenance", $"{examination.OwnCommand} maintenance off{examination.ConfigArgument}"),
            429 or 503 => Failed("a limit is reached (Gateway:Limits)", "see which, and raise it", $"{examination.OwnCommand} status{examination.ConfigArgument}"),
            _ => Failed("clients get the same", "look at the line about it in the gateway's log", Log(examination)),
        };
    }

    private static Finding Cut(Examination examination, string url, AskedService asked, HandshakeAnswer answer)
    {
        var what = $"{url} was opened, but {answer.Failure} after {answer.Held.TotalSeconds:0.0} s of silence";
        return examination.Configuration.Gateway.WebSocketIdleTimeout is { } idle && idle <= Hold
            ? new Finding(Severity.Error, what, $"Gateway:WebSockets:IdleTimeout is {idle}: a call in which nobody speaks ends", "take it away, or make it longer")
            {
                Place = examination.Configuration.Locate("Gateway:WebSockets:IdleTimeout"),
                Write = "\"IdleTimeout\": \"none\"",
                InsteadOf = $"\"IdleTimeout\": \"{idle}\"",
            }
            : new Finding(
                Severity.Warning, what, "a service may want to hear something first, or have a timeout of its own; calls end by it",
                $"see the log of the service '{asked.Service.Cluster}', and the gateway's line `WebSocket closed ... by`", Log(examination));
    }

    private static string Log(Examination examination) => examination.Unit is { } unit
        ? $"{Examination.Sudo}journalctl -u {unit.Name} -n 50 -o cat --no-pager"
        : $"{examination.OwnCommand} status{(examination.Mode == HostMode.Dev ? " --dev" : "")}{examination.ConfigArgument}";
}
