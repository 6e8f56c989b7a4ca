using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

internal sealed record FakeIdentifier(string Type, string Value)
{
    public JsonObject ToJson() => new() { ["type"] = Type, ["value"] = Value };
}

/// <summary>An order of the fake CA. What has happened is noted with its time; the status follows from the clock.</summary>
internal sealed class FakeOrder(string url, FakeAccount account, IReadOnlyList<FakeIdentifier> identifiers)
{
    public string Url => url;
    public FakeAccount Account => account;
    public IReadOnlyList<FakeIdentifier> Identifiers => identifiers;
    public IReadOnlyList<FakeAuthorization> Authorizations { get; init; } = [];
    public DateTimeOffset PlacedAt { get; init; }
    public string? Profile { get; init; }
    public string? Replaces { get; init; }
    public FakeRefusal? Error { get; set; }
    public DateTimeOffset? IssuedAt { get; set; }
    public FakeCertificate? Certificate { get; set; }

    public string Status(DateTimeOffset now, FakeAcmeBehaviour behaviour)
    {
        if (IssuedAt is { } issued)
        {
            return now < issued ? behaviour.ProcessingStatus : Error is null ? "valid" : "invalid";
        }

        var proven = Authorizations.Select(authorization => authorization.Status(now, behaviour)).ToList();
        return proven.Contains("invalid") ? "invalid" : proven.TrueForAll(status => status == "valid") ? "ready" : "pending";
    }

    public JsonObject ToJson(DateTimeOffset now, FakeAcmeBehaviour behaviour)
    {
        var status = Status(now, behaviour);
        var json = new JsonObject
        {
            ["status"] = status,
            ["expires"] = (PlacedAt + TimeSpan.FromDays(7)).ToString("O"),
            ["identifiers"] = new JsonArray([.. identifiers.Select(identifier => identifier.ToJson())]),
            ["authorizations"] = new JsonArray([.. Authorizations.Select(authorization => JsonValue.Create(authorization.Url))]),
            ["finalize"] = url + "/finalize",
            ["x-member-of-days-to-come"] = new JsonObject(),
        };
        if (Profile is not null)
        {
            json["profile"] = Profile;
        }

        if (Replaces is not null)
        {
            json["replaces"] = Replaces;
        }

        if (status == "valid")
        {
            json["certificate"] = Certificate!.Url;
        }

        if (status == "invalid" && Error is not null)
        {
            json["error"] = Error.ToProblem();
        }

        return json;
    }
}

internal sealed class FakeAuthorization(string url, FakeAccount account, FakeIdentifier identifier, bool wildcard)
{
    public string Url => url;
    public FakeAccount Account => account;
    public FakeIdentifier Identifier => identifier;
    public bool Wildcard => wildcard;
    public IReadOnlyList<FakeChallenge> Challenges { get; set; } = [];

    public string Status(DateTimeOffset now, FakeAcmeBehaviour behaviour)
    {
        if (Challenges.FirstOrDefault(challenge => challenge.ValidatedAt is not null) is not { } answered)
        {
            return "pending";
        }

        return now < answered.ValidatedAt ? behaviour.ValidatingStatus : answered.Error is null ? "valid" : "invalid";
    }

    public JsonObject ToJson(DateTimeOffset now, FakeAcmeBehaviour behaviour)
    {
        var json = new JsonObject
        {
            ["status"] = Status(now, behaviour),
            ["identifier"] = identifier.ToJson(),
            ["challenges"] = new JsonArray([.. Challenges.Select(challenge => challenge.ToJson(now))]),
        };
        if (wildcard)
        {
            json["wildcard"] = true;
        }

        return json;
    }
}

internal sealed class FakeChallenge(string url, string type, FakeAuthorization authorization, string token)
{
    public string Url => url;
    public string Type => type;
    public FakeAuthorization Authorization => authorization;

    /// <summary>The name or address to look at.</summary>
    public string Name => authorization.Identifier.Value;

    public string Token => token;
    public string KeyAuthorization => $"{token}.{authorization.Account.Thumbprint}";
    public FakeRefusal? Error { get; set; }
    public DateTimeOffset? ValidatedAt { get; set; }

    public JsonObject ToJson(DateTimeOffset now)
    {
        var known = type is "http-01" or "dns-01" or "tls-alpn-01";
        var status = ValidatedAt is not { } at ? "pending" : now < at ? "processing" : Error is null ? "valid" : "invalid";
        var json = new JsonObject { ["type"] = type, ["url"] = url, ["status"] = status };
        if (known)
        {
            json["token"] = token;
        }

        if (status == "invalid")
        {
            json["error"] = Error!.ToProblem();
        }

        return json;
    }
}
