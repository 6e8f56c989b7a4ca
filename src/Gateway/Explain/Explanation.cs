using System.Text.Json.Serialization;

namespace Gateway.Explain;

/// <summary>What would become of a request, and why.</summary>
/// <param name="Request">What was asked about, in one line.</param>
/// <param name="Status">Of the gateway's own answer, or of the sample answer of the service; null where there is no answer.</param>
/// <param name="Outcome">In one sentence: who answers, or why nobody does.</param>
/// <param name="Remedy">What to do about a refusal, or where the rule stands; null where there is nothing to do.</param>
/// <param name="IsRefused">Whether the gateway refuses it.</param>
internal sealed record Explanation(string Request, int? Status, string Outcome, string? Remedy, bool IsRefused)
{
    public string? Endpoint { get; init; }

    public string? Route { get; init; }

    public string? Cluster { get; init; }

    public string? Destination { get; init; }

    /// <summary>As the service receives it; null when none does.</summary>
    public string? Method { get; init; }

    /// <summary>Path and query as the service receives them; null when none does.</summary>
    public string? Target { get; init; }

    /// <summary>The headers as the service receives them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> HeadersAtService { get; init; } = [];

    /// <summary>The headers of the answer, after a service that answers with nothing but its Server and an empty body.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; init; } = [];

    /// <summary>In the order in which the request meets them.</summary>
    public IReadOnlyList<ExplanationSection> Sections { get; init; } = [];

    /// <summary>Warnings that the gateway would log.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <param name="Title">One word or two.</param>
/// <param name="Lines">What there is.</param>
internal sealed record ExplanationSection(string Title, IReadOnlyList<ExplanationLine> Lines);

/// <param name="Name">Of the setting or the header.</param>
/// <param name="Value">In force.</param>
/// <param name="Source">File and line, environment variable, or <c>default</c>.</param>
internal sealed record ExplanationLine(string Name, string Value, string Source);

[JsonSerializable(typeof(Explanation))]
internal sealed partial class ExplanationJson : JsonSerializerContext;
