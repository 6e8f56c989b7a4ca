using System.Globalization;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Proxying;

namespace Gateway.Explain;

/// <summary>Says what would become of a request, after having it go through the gateway without a network.</summary>
internal static class Explainer
{
    private static readonly int[] Redirects = [301, 302, 303, 307, 308];

    /// <param name="configuration">Valid, as the verb serves it.</param>
    /// <param name="mode">The verb.</param>
    /// <param name="endpointName">Where the request comes in; null where its port says so.</param>
    /// <param name="request">What is asked about.</param>
    /// <param name="clock">Of certificates.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<Explanation> ExplainAsync(
        GatewayConfiguration configuration, HostMode mode, string? endpointName, ExplainedRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        var line = $"{request.Method} {request.Scheme}://{request.HostHeader}{request.Target} from {request.Client}";
        if (EndpointChoice.For(configuration, request, endpointName, out var problem) is not { } endpoint)
        {
            return new Explanation(line, null, problem, null, IsRefused: true);
        }

        var result = await Rehearsal.RunAsync(configuration, mode, endpoint, request, clock, cancellationToken);
        var (outcome, remedy, isRefused) = Outcome(configuration, endpoint, request, result);
        var near = result.WasRouted && result.Watch.Route is null && result.Status is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed
            ? await NearRoutes.FindAsync(configuration, mode, endpoint, request, clock, cancellationToken)
            : [];
        var maintenance = configuration.Gateway.Maintenance ?? Path.Combine(CertificateSources.StateDirectory(configuration), Maintenance.FileName);
        return new Explanation(line, result.Status, outcome, near.Count > 0 ? string.Join("; ", near) : remedy, isRefused)
        {
            Endpoint = endpoint.Name,
            Route = result.Watch.Route?.RouteId,
            Cluster = result.Received is null ? null : result.Watch.Cluster?.ClusterId,
            Destination = result.Received is null ? null : result.Watch.Destination,
            Method = result.Received?.Method,
            Target = result.Received?.Target,
            HeadersAtService = result.Received?.Headers ?? [],
            ResponseHeaders = result.Headers,
            Sections =
            [
                .. ConnectionLines.All(configuration, endpoint, request, result, maintenance),
                .. RouteLines.All(configuration, result),
                .. ServiceLines.All(configuration, request, result),
            ],
            Warnings = result.Log.Warnings,
        };
    }

    private static (string Outcome, string? Remedy, bool IsRefused) Outcome(
        GatewayConfiguration configuration, EndpointOptions endpoint, ExplainedRequest request, RehearsedRequest result)
    {
        var watch = result.Watch;
        if (result.Status is not { } status)
        {
            return request.IsHttps && result.Certificate is null
                ? WithoutHandshake(configuration, endpoint, request, result)
                : ($"The connection ends without an answer{(result.ConnectionFailure is { } why ? $": {why}" : "")}", null, true);
        }

        var code = status.ToString(CultureInfo.InvariantCulture);
        if (!watch.HasBegun)
        {
            return ($"{code}, refused by the server before anything else: {result.Log.BadRequest ?? "the request breaks HTTP's rules"}", null, true);
        }

        if (watch.Refusal is { } refusal)
        {
            var because = refusal.Cause ?? refusal.Explanation?.TrimEnd('.') ?? "refused";
            return ($"{code}: {because}", refusal.Setting is { } setting ? $"{setting}: {Place(configuration, setting)}" : null, true);
        }

        if (result.Received is not null && watch.Cluster is { } cluster)
        {
            if (status >= StatusCodes.Status500InternalServerError)
            {
                return ($"{code}: the service '{cluster.ClusterId}' ({watch.Destination}) is asked, by the route '{watch.Route?.RouteId}', but its answer cannot be passed on", null, true);
            }

            var opened = watch.IsWebSocket ? "a WebSocket to" : "goes to";
            return ($"{opened} the service '{cluster.ClusterId}' ({watch.Destination}), by the route '{watch.Route?.RouteId}'", null, false);
        }

        if (watch.Route is { } route)
        {
            var location = result.Headers.FirstOrDefault(header => header.Key.Equals("Location", StringComparison.OrdinalIgnoreCase)).Value;
            return RouteAnswer.Of(route) is not null
                ? ($"{code}{(location is null ? "" : $" to {location}")}: the route '{route.RouteId}' answers by itself", $"{configuration.Locate($"ReverseProxy:Routes:{route.RouteId}:Metadata")}", false)
                : ($"{code}: the route '{route.RouteId}' takes it, but no service is asked", null, status >= 400);
        }

        if (Redirects.Contains(status) && watch.Endpoint is null)
        {
            return ($"{code} to {result.Headers.FirstOrDefault(header => header.Key.Equals("Location", StringComparison.OrdinalIgnoreCase)).Value}: plain HTTP is redirected", $"Gateway:HttpsRedirect: {Place(configuration, "Gateway:HttpsRedirect")}", false);
        }

        return status switch
        {
            404 => ("404: no route takes it, by path, host, method, headers or query", $"ReverseProxy:Routes: {configuration.Locate("ReverseProxy:Routes")}", true),
            405 => ("405: a route takes the path, but for other methods", $"ReverseProxy:Routes: {configuration.Locate("ReverseProxy:Routes")}", true),
            < 400 when watch.Endpoint is not null => ($"{code}: a file of Gateway:StaticFiles", configuration.Locate("Gateway:StaticFiles"), false),
            _ => ($"{code}: the gateway answers itself", null, status >= 400),
        };
    }

    private static (string Outcome, string? Remedy, bool IsRefused) WithoutHandshake(
        GatewayConfiguration configuration, EndpointOptions endpoint, ExplainedRequest request, RehearsedRequest result)
    {
        var mode = $"Kestrel:Endpoints:{endpoint.Name}:ClientCertificateMode";
        return configuration.Gateway.StrictSni && !result.IsNameCovered
            ? ($"The TLS handshake is refused: no certificate covers '{request.Host}'", $"Gateway:StrictSni: {Place(configuration, "Gateway:StrictSni")}", true)
            : configuration.Root[mode] == "RequireCertificate"
                ? ("The TLS handshake is refused: the client must have a certificate", $"{mode}: {Place(configuration, mode)}", true)
                : ($"The TLS handshake fails: {result.ConnectionFailure}", null, true);
    }

    private static string Place(GatewayConfiguration configuration, string path) => new Sources(configuration).Of(path);
}
