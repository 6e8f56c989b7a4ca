using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.Tests.Acme.Fake;

/// <summary>Orders, authorizations and challenges of the fake CA (RFC 8555 sections 7.4 and 7.5, RFC 9773 section 5).</summary>
internal sealed class FakeOrders(FakeAcmeServer server, FakeCertificates certificates)
{
    private readonly List<FakeOrder> _orders = [];
    private readonly List<FakeAuthorization> _authorizations = [];

    public IReadOnlyList<FakeOrder> All => _orders;

    private DateTimeOffset Now => server.Options.Time.GetUtcNow();

    public FakeAnswer Place(FakeAccount account, FakeJws jws)
    {
        var request = jws.Read();
        var identifiers = request["identifiers"]!.AsArray()
            .Select(identifier => new FakeIdentifier((string)identifier!["type"]!, (string)identifier["value"]!))
            .ToList();
        foreach (var identifier in identifiers.Where(identifier => identifier.Type is not ("dns" or "ip")))
        {
            throw new FakeRefusal(400, "unsupportedIdentifier", identifier.Type);
        }

        var profile = (string?)request["profile"];
        if (profile is not null && !server.Options.Profiles.ContainsKey(profile))
        {
            throw new FakeRefusal(400, "invalidProfile", $"there is no profile '{profile}'");
        }

        var replaces = (string?)request["replaces"];
        certificates.CheckReplaceable(replaces, account);
        var order = new FakeOrder(server.Url($"order/{_orders.Count + 1}"), account, identifiers)
        {
            Authorizations = [.. identifiers.Select(identifier => Authorize(account, identifier))],
            PlacedAt = Now,
            Profile = profile,
            Replaces = replaces,
        };
        _orders.Add(order);
        return Show(order, 201) with { Location = order.Url };
    }

    public FakeAnswer Read(FakeAccount account, string url) => Show(Find(account, url));

    public FakeAnswer ReadAuthorization(FakeAccount account, string url)
    {
        var authorization = _authorizations.Find(authorization => authorization.Url == url && authorization.Account == account)
            ?? throw new FakeRefusal(404, "malformed", $"there is no authorization {url}");
        return FakeAnswer.Json(authorization.ToJson(Now, server.Behaviour));
    }

    public FakeChallenge FindChallenge(FakeAccount account, string url) => _authorizations
        .Where(authorization => authorization.Account == account)
        .SelectMany(authorization => authorization.Challenges)
        .FirstOrDefault(challenge => challenge.Url == url)
        ?? throw new FakeRefusal(404, "malformed", $"there is no challenge {url}");

    public FakeAnswer NoteValidation(FakeChallenge challenge, FakeRefusal? error)
    {
        challenge.Error = error;
        challenge.ValidatedAt = Now + server.Behaviour.ValidationTime;
        return ShowChallenge(challenge);
    }

    public FakeAnswer ShowChallenge(FakeChallenge challenge) => FakeAnswer.Json(challenge.ToJson(Now)) with
    {
        Links = [$"<{challenge.Authorization.Url}>;rel=\"up\""],
    };

    public FakeAnswer Finalize(FakeAccount account, string url, FakeJws jws)
    {
        var order = Find(account, url);
        if (order.Status(Now, server.Behaviour) is var status and not "ready")
        {
            throw new FakeRefusal(403, "orderNotReady", $"the order is {status}");
        }

        var csr = Base64Url.DecodeFromChars((string)jws.Read()["csr"]!);
        order.Error = server.Behaviour.IssuanceFailure;
        order.Certificate = order.Error is null ? certificates.Issue(order, csr) : null;
        order.IssuedAt = Now + server.Behaviour.IssuanceTime;
        return Show(order);
    }

    private FakeOrder Find(FakeAccount account, string url) =>
        _orders.Find(order => order.Url == url && order.Account == account)
        ?? throw new FakeRefusal(404, "malformed", $"there is no order {url}");

    private FakeAnswer Show(FakeOrder order, int status = 200) => FakeAnswer.Json(order.ToJson(Now, server.Behaviour), status);

    private FakeAuthorization Authorize(FakeAccount account, FakeIdentifier identifier)
    {
        var wildcard = identifier.Value.StartsWith("*.", StringComparison.Ordinal);
        var name = wildcard ? identifier with { Value = identifier.Value[2..] } : identifier;
        var earlier = _authorizations.Find(authorization =>
            authorization.Account == account
            && authorization.Identifier == name
            && authorization.Wildcard == wildcard
            && authorization.Status(Now, server.Behaviour) == "valid");
        if (server.Behaviour.ReusesAuthorizations && earlier is not null)
        {
            return earlier;
        }

        var id = _authorizations.Count + 1;
        var authorization = new FakeAuthorization(server.Url($"authorization/{id}"), account, name, wildcard);
        authorization.Challenges =
        [
            .. server.Behaviour.ChallengeTypes
                .Where(type => type is not ("http-01" or "tls-alpn-01") || !wildcard)
                .Where(type => type != "dns-01" || name.Type == "dns")
                .Select(type => new FakeChallenge(server.Url($"challenge/{id}/{type}"), type, authorization, Token())),
        ];
        _authorizations.Add(authorization);
        return authorization;
    }

    private static string Token() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
