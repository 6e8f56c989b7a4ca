using System.Buffers.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

/// <summary>An account of the fake CA.</summary>
internal sealed class FakeAccount(string url, JsonObject jwk)
{
    public string Url => url;
    public JsonObject Jwk { get; set; } = jwk;
    public string Thumbprint => FakeJws.Thumbprint(Jwk);
    public string Status { get; set; } = "valid";
    public IReadOnlyList<string> Contacts { get; set; } = [];
    public string? ExternalKeyId { get; init; }

    public JsonObject ToJson() => new()
    {
        ["status"] = Status,
        ["contact"] = new JsonArray([.. Contacts.Select(contact => JsonValue.Create(contact))]),
        ["orders"] = url + "/orders",
    };
}

/// <summary>The accounts of the fake CA (RFC 8555 section 7.3).</summary>
internal sealed class FakeAccounts(FakeAcmeServer server)
{
    private readonly List<FakeAccount> _accounts = [];
    private int _lastId;

    public IReadOnlyList<FakeAccount> All => _accounts;

    public void Forget() => _accounts.Clear();

    public FakeAccount Find(string? url)
    {
        var account = _accounts.Find(account => account.Url == url)
            ?? throw new FakeRefusal(400, "accountDoesNotExist", $"there is no account {url}");
        return account.Status == "valid" ? account : throw new FakeRefusal(403, "unauthorized", $"the account is {account.Status}");
    }

    public FakeAnswer Create(FakeJws jws)
    {
        var request = jws.Read();
        var existing = Find(jws.Jwk!);
        if (existing is not null)
        {
            return FakeAnswer.Json(existing.ToJson()) with { Location = existing.Url };
        }

        if ((bool?)request["onlyReturnExisting"] == true)
        {
            throw new FakeRefusal(400, "accountDoesNotExist", "this key has no account");
        }

        if ((bool?)request["termsOfServiceAgreed"] != true)
        {
            throw new FakeRefusal(403, "userActionRequired", "the terms of service have to be agreed to") { Instance = server.Url("terms") };
        }

        var account = new FakeAccount(server.Url($"account/{++_lastId}"), jws.Jwk!.DeepClone().AsObject())
        {
            Contacts = Contacts(request),
            ExternalKeyId = CheckBinding(request["externalAccountBinding"], jws.Jwk!),
        };
        _accounts.Add(account);
        return FakeAnswer.Json(account.ToJson(), 201) with { Location = account.Url };
    }

    public FakeAnswer Update(FakeAccount account, FakeJws jws)
    {
        if (jws.Payload.Length > 0)
        {
            var request = jws.Read();
            account.Contacts = request["contact"] is null ? account.Contacts : Contacts(request);
            account.Status = (string?)request["status"] ?? account.Status;
        }

        return FakeAnswer.Json(account.ToJson());
    }

    public FakeAnswer ChangeKey(FakeAccount account, FakeJws outer)
    {
        // RFC 8555 section 7.3.5, the checks in its order.
        var inner = FakeJws.Parse(outer.Payload);
        var jwk = inner.Jwk ?? throw FakeJws.Malformed("a key change without the new key inside");
        inner.VerifySignature(jwk);
        var request = inner.Read();
        if ((string?)inner.Header["url"] != (string?)outer.Header["url"]
            || inner.Header.ContainsKey("nonce")
            || (string?)request["account"] != account.Url
            || FakeJws.Thumbprint(request["oldKey"]!.AsObject()) != account.Thumbprint)
        {
            throw FakeJws.Malformed("a key change whose inside and outside differ");
        }

        if (Find(jwk) is { } other)
        {
            throw new FakeRefusal(409, "malformed", $"{other.Url} has that key already");
        }

        account.Jwk = jwk.DeepClone().AsObject();
        return FakeAnswer.Json(account.ToJson());
    }

    private FakeAccount? Find(JsonObject jwk) => _accounts.Find(account => account.Thumbprint == FakeJws.Thumbprint(jwk));

    private static string[] Contacts(JsonObject request) =>
        [.. (request["contact"] as JsonArray ?? []).Select(contact => (string)contact!)];

    private string? CheckBinding(JsonNode? binding, JsonObject accountKey)
    {
        if (server.Options.ExternalAccountKeys.Count == 0)
        {
            return null;
        }

        if (binding is null)
        {
            throw new FakeRefusal(403, "externalAccountRequired", "accounts have to be bound to a customer");
        }

        var jws = FakeJws.Parse(binding);
        if (jws.KeyId is not { } keyId || !server.Options.ExternalAccountKeys.TryGetValue(keyId, out var key))
        {
            throw new FakeRefusal(403, "unauthorized", $"the key '{jws.KeyId}' is not one of a customer");
        }

        jws.VerifyMac(Base64Url.DecodeFromChars(key));
        if ((string?)jws.Header["url"] != server.Url("new-account")
            || jws.Header.ContainsKey("nonce")
            || FakeJws.Thumbprint(jws.Read()) != FakeJws.Thumbprint(accountKey))
        {
            throw FakeJws.Malformed("a binding of something else");
        }

        return keyId;
    }
}
