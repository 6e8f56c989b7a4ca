using System.Text.Json.Serialization;
using Gateway.Observability;

namespace Gateway.Hosting.Admin;

/// <summary>Everything that an operator asks: what <c>/status.json</c> says, the page shows, and <c>gateway status</c> prints. Times are
/// seconds unless they are points in time.</summary>
internal sealed record StatusReport
{
    public required string Version { get; init; }

    /// <summary>run or dev.</summary>
    public required string Mode { get; init; }

    public required DateTimeOffset Now { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Takes requests and is not about to end.</summary>
    public required bool IsReady { get; init; }

    public required bool IsDraining { get; init; }

    public required ConfigurationStatus Configuration { get; init; }

    public required IReadOnlyList<EndpointStatus> Endpoints { get; init; }

    public required TrafficStatus Traffic { get; init; }

    /// <summary>In the order in which they are tried; the last one is for what the gateway answered itself.</summary>
    public required IReadOnlyList<RouteStatus> Routes { get; init; }

    /// <summary>The longest ones first, at most <see cref="StatusReader.MostCalls"/>.</summary>
    public required IReadOnlyList<CallStatus> Calls { get; init; }

    public required IReadOnlyList<ServiceStatusLine> Services { get; init; }

    public required IReadOnlyList<CertificateStatus> Certificates { get; init; }

    /// <summary>Limits that were reached since the start, by their key below <c>Gateway:Limits</c>.</summary>
    public required IReadOnlyDictionary<string, long> Limits { get; init; }

    /// <summary>The last one first.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }

    public required ProcessStatus Process { get; init; }
}

/// <param name="AppliedAt">When the configuration in force was read.</param>
/// <param name="RejectedAt">When a later version was refused; null when the file is in force.</param>
/// <param name="Errors">Why it was refused.</param>
internal sealed record ConfigurationStatus(string File, DateTimeOffset AppliedAt, DateTimeOffset? RejectedAt, IReadOnlyList<string> Errors);

internal sealed record EndpointStatus(string Name, string Address, string Description);

/// <param name="Connections">Open now.</param>
/// <param name="InProgress">Requests under way, WebSockets not counted.</param>
/// <param name="Calls">WebSockets that are open.</param>
/// <param name="Handshakes">TLS handshakes since the start, by version.</param>
/// <param name="FailedHandshakes">By reason: timeout, disconnected, refused, unknown_name, other.</param>
internal sealed record TrafficStatus(
    int Connections, int InProgress, int Calls, long Requests,
    IReadOnlyDictionary<string, long> Handshakes, IReadOnlyDictionary<string, long> FailedHandshakes);

/// <param name="Id">The name in gateway.json; "-" for what the gateway answered itself.</param>
/// <param name="Pattern">What it matches, for people.</param>
/// <param name="History">Requests a second in each period of <paramref name="HistorySeconds"/>, the last one last.</param>
/// <param name="ErrorHistory">Answers of 500 and above among them.</param>
/// <param name="Median">Of the durations of the last minute; null without requests.</param>
/// <param name="Percentile95">Likewise.</param>
internal sealed record RouteStatus(
    string Id, string Pattern, string Cluster, long Requests, long ClientErrors, long ServerErrors, long BytesReceived, long BytesSent,
    double? Median, double? Percentile95, double HistorySeconds, IReadOnlyList<double> History, IReadOnlyList<double> ErrorHistory,
    RouteCalls Calls);

/// <param name="Closed">By who closed and code: <c>Client 1000</c>.</param>
internal sealed record RouteCalls(int Open, long Opened, IReadOnlyDictionary<string, long> Closed, long BytesFromClient, long BytesFromService);

internal sealed record CallStatus(
    string Route, string Client, string Host, string Path, string Destination, string Protocol, string RequestId, DateTimeOffset OpenedAt,
    long BytesFromClient, long BytesFromService, long MessagesFromClient, long MessagesFromService, double Silence, double LongestSilence);

/// <param name="IsUp">Whether it accepts connections.</param>
/// <param name="IsLeftOut">Whether YARP's health checks have taken it out.</param>
/// <param name="Failures">Since the start, by reason.</param>
internal sealed record ServiceStatusLine(
    string Cluster, string Destination, string Address, bool IsUp, bool IsLeftOut, IReadOnlyDictionary<string, long> Failures);

/// <param name="Source">File, Acme, LocalAuthority, Temporary; Wanted for a name whose first certificate is yet to come.</param>
/// <param name="Origin">The file, or the CA.</param>
/// <param name="NotAfter">Null when there is none yet.</param>
/// <param name="Renewal">Null where the gateway does not renew it.</param>
internal sealed record CertificateStatus(
    IReadOnlyList<string> Names, string Issuer, string Source, string Origin, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter, RenewalStatus? Renewal);

/// <param name="Failures">Attempts in a row that have failed.</param>
internal sealed record RenewalStatus(
    DateTimeOffset? NextAttempt, string? NextReason, DateTimeOffset? LastAttempt, int Failures, string? LastError, string? Remedy);

internal sealed record ProcessStatus(int Id, double ProcessorSeconds, long ResidentBytes, long ManagedBytes, int Threads, int? OpenFiles, long? MaxFiles);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
