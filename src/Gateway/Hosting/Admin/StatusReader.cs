using Gateway.Boundary.Limits;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Observability;
using Gateway.Proxying;

namespace Gateway.Hosting.Admin;

/// <summary>Puts the status together from those who know it.</summary>
internal sealed class StatusReader(
    HostMode mode,
    CurrentConfiguration configuration,
    LastReload reload,
    Readiness readiness,
    Traffic traffic,
    TrafficHistory history,
    ConnectionLimits connections,
    LimitLog limits,
    TlsHandshakes handshakes,
    ServiceStates services,
    ServiceFailures failures,
    ServedCertificates certificates,
    RecentProblems problems,
    TimeProvider time,
    CertificateService? automatic = null)
{
    public const int MostCalls = 200;

    public async Task<StatusReport> ReadAsync()
    {
        var states = await services.LookAsync();
        traffic.Collect();
        var current = configuration.Value;
        var outcome = reload.Outcome;
        var calls = traffic.Calls;
        var routes = Routes(current, calls);
        return new StatusReport
        {
            Version = StartupReport.ProductVersion,
            Mode = mode == HostMode.Dev ? "dev" : "run",
            Now = time.GetUtcNow(),
            StartedAt = traffic.StartedAt,
            IsReady = readiness.IsReady,
            IsDraining = readiness.IsDraining,
            Configuration = new ConfigurationStatus(Path.GetFullPath(current.FilePath), outcome.AppliedAt, outcome.RejectedAt, outcome.Errors),
            Endpoints = [.. EndpointLine.All(current, certificates.Table).Select(e => new EndpointStatus(e.Name, e.Address, e.Description))],
            Traffic = new TrafficStatus(
                connections.Open, traffic.InProgress, calls.Count, routes.Sum(r => r.Requests), handshakes.Succeeded, handshakes.Failed),
            Routes = routes,
            Calls = [.. calls.OrderBy(call => call.OpenedAt).Take(MostCalls).Select(Call)],
            Services = [.. states.Select(Service)],
            Certificates = Certificates(),
            Limits = limits.Totals,
            Problems = problems.All,
            Process = Process(),
        };
    }

    private List<RouteStatus> Routes(GatewayConfiguration current, IReadOnlyCollection<OpenCall> calls)
    {
        var open = calls.CountBy(call => call.Route).ToDictionary();
        return
        [
            .. RouteLine.All(current).Select(line => Route(traffic.Of(line.RouteId), line.Pattern, line.ClusterId, open)),
            Route(traffic.Of(Traffic.NoRoute), "", "", open),
        ];
    }

    private RouteStatus Route(RouteTraffic route, string pattern, string cluster, Dictionary<string, int> open)
    {
        var (totals, trend, bytes) = (route.Totals(), history.Of(route), route.Calls.Bytes);
        return new RouteStatus(
            route.RouteId, pattern, cluster, totals.Requests, totals.ClientErrors, totals.ServerErrors, totals.BytesReceived, totals.BytesSent,
            trend.Median, trend.Percentile95, TrafficHistory.Period.TotalSeconds, trend.PerSecond, trend.ErrorsPerSecond,
            new RouteCalls(
                open.GetValueOrDefault(route.RouteId),
                route.Calls.Opened,
                route.Calls.Closed.ToDictionary(pair => $"{pair.Key.By} {pair.Key.Code}", pair => pair.Value),
                bytes.FromClient,
                bytes.FromService));
    }

    private static CallStatus Call(OpenCall call)
    {
        var bytes = call.Bytes;
        return new CallStatus(
            call.Route, call.Client, call.Host, call.Path, call.Destination, call.Protocol, call.RequestId, call.OpenedAt,
            bytes.FromClient, bytes.FromService, bytes.MessagesFromClient, bytes.MessagesFromService,
            Seconds(call.Silence), Seconds(call.LongestSilence));
    }

    private ServiceStatusLine Service(ServiceState state) => new(
        state.Cluster, state.Destination, state.Address, state.IsUp, state.IsLeftOut,
        failures.Counts.Where(pair => pair.Key.Cluster == state.Cluster && pair.Key.Destination == state.Address)
            .ToDictionary(pair => pair.Key.Reason, pair => pair.Value));

    private List<CertificateStatus> Certificates()
    {
        var states = (automatic?.States ?? []).ToDictionary(state => state.Name);
        var served = certificates.Table.Certificates;
        return
        [
            .. served.Select(certificate =>
            {
                var renewal = certificate.Source == CertificateSource.Acme && certificate.Names.FirstOrDefault(states.ContainsKey) is { } name ? Renewal(states[name]) : null;
                return new CertificateStatus(
                    [.. certificate.Names], certificate.Issuer, certificate.Source.ToString(), certificate.Origin, certificate.NotBefore, certificate.NotAfter, renewal);
            }),
            .. states.Values.Where(state => !served.Any(c => c.Source == CertificateSource.Acme && c.Names.Contains(state.Name)))
                .Select(state => new CertificateStatus([state.Name], "", "Wanted", "", null, null, Renewal(state))),
        ];
    }

    private static RenewalStatus Renewal(NameState state) =>
        new(state.NextAttempt, state.NextReason, state.LastAttempt, state.Failures, state.LastError, state.Remedy);

    private static ProcessStatus Process()
    {
        var figures = ProcessFigures.Read();
        return new ProcessStatus(
            figures.Id, Math.Round(figures.Processor.TotalSeconds, 2), figures.ResidentBytes, GC.GetTotalMemory(false), figures.Threads, figures.OpenFiles, figures.MaxFiles);
    }

    private static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 1);
}
