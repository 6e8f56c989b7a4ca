using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

/// <summary>A refusal of the fake CA: a status, a problem document, and Retry-After in whichever form.</summary>
internal sealed class FakeRefusal(int status, string type, string detail) : Exception(detail)
{
    public int Status => status;

    /// <summary>The header as it stands: "120", or an HTTP date.</summary>
    public string? RetryAfter { get; init; }

    public string? Instance { get; init; }

    public IReadOnlyList<(string Name, string Type, string Detail)> Subproblems { get; init; } = [];

    public static FakeRefusal RateLimited(string detail, string retryAfter) => new(429, "rateLimited", detail) { RetryAfter = retryAfter };

    public JsonObject ToProblem()
    {
        var problem = new JsonObject { ["type"] = Urn(type), ["detail"] = Message, ["status"] = status };
        if (Instance is not null)
        {
            problem["instance"] = Instance;
        }

        if (Subproblems.Count > 0)
        {
            problem["subproblems"] = new JsonArray([.. Subproblems.Select(part => new JsonObject
            {
                ["type"] = Urn(part.Type),
                ["detail"] = part.Detail,
                ["identifier"] = new JsonObject { ["type"] = "dns", ["value"] = part.Name },
            })]);
        }

        return problem;
    }

    private static string Urn(string type) => type.Contains(':') ? type : "urn:ietf:params:acme:error:" + type;
}
