using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

/// <summary>What the fake CA answers with.</summary>
internal sealed record FakeAnswer(int Status, string ContentType, byte[] Body)
{
    public string? Location { get; init; }
    public string? RetryAfter { get; init; }
    public IReadOnlyList<string> Links { get; init; } = [];

    public static FakeAnswer Empty(int status = 200) => new(status, "", []);

    public static FakeAnswer Json(JsonNode json, int status = 200) =>
        new(status, "application/json", Encoding.UTF8.GetBytes(json.ToJsonString()));

    public static FakeAnswer Refused(FakeRefusal refusal) =>
        Json(refusal.ToProblem(), refusal.Status) with { ContentType = "application/problem+json", RetryAfter = refusal.RetryAfter };
}
