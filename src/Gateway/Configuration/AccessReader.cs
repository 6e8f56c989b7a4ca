namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:Access</c>, and checks what the schema cannot.</summary>
internal static class AccessReader
{
    // YARP's own words for a route; "Default" would be read as the policy of all routes that name none.
    private static readonly string[] Reserved = ["Default", "Anonymous"];

    public static IReadOnlyDictionary<string, AccessPolicy> Read(ConfigurationNode root, ConfigurationErrors errors)
    {
        var policies = new Dictionary<string, AccessPolicy>(StringComparer.OrdinalIgnoreCase);
        foreach (var node in root.Find("Gateway:Access")?.Children ?? [])
        {
            if (Reserved.Contains(node.Key, StringComparer.OrdinalIgnoreCase))
            {
                errors.Add(node, null, "this name is a word of YARP's", "give the policy another name; each route says which policy it has");
                continue;
            }

            policies[node.Key] = ReadPolicy(node, errors);
        }

        return policies;
    }

    private static AccessPolicy ReadPolicy(ConfigurationNode node, ConfigurationErrors errors)
    {
        var defaults = new AccessPolicy(node.Key);
        var policy = defaults with
        {
            Allow = NetworksReader.Read(node.Child("Allow"), errors),
            Deny = NetworksReader.Read(node.Child("Deny"), errors),
            ApiKeys = ReadKeys(node.Child("ApiKeys"), errors),
            Header = node.Child("Header")?.Value ?? defaults.Header,
            Query = node.Child("Query")?.Value,
            Basic = ReadPasswords(node.Child("Basic"), errors),
            Jwt = ReadJwt(node.Child("Jwt"), errors),
            AllowPreflight = node.Child("AllowPreflight")?.Value is { } value && bool.Parse(value),
        };
        if (policy is { NeedsCredential: false, Allow.Count: 0, Deny.Count: 0 } && !errors.IsSpokenAboutWithin(node.Path))
        {
            errors.Add(node, null, "lets everybody in", "add Allow, Deny, ApiKeys, Basic or Jwt; a route for everybody needs no policy");
        }

        return policy;
    }

    private static List<ApiKeyOptions> ReadKeys(ConfigurationNode? list, ConfigurationErrors errors)
    {
        var keys = new List<ApiKeyOptions>();
        foreach (var entry in list?.Children ?? [])
        {
            if (entry.Child("Name")?.Value is not { } name || entry.Child("Hash") is not { } node)
            {
                continue;
            }

            if (ApiKeyHash.TryParse(node.Value!) is not { } hash)
            {
                // What stands there may be the key itself.
                errors.Add(node, null, "must be sha256: and 64 hexadecimal digits", "`gateway key create` makes a key with its hash");
            }
            else if (keys.FirstOrDefault(key => key.Hash.Matches(hash)) is { } twin)
            {
                errors.Add(node, null, $"is the same key as '{QuotedValue.Of(twin.Name)}'", "make a key for each with `gateway key create`");
            }
            else
            {
                keys.Add(new ApiKeyOptions(name, hash));
            }
        }

        return keys;
    }

    private static Dictionary<string, PasswordHash> ReadPasswords(ConfigurationNode? section, ConfigurationErrors errors)
    {
        var passwords = new Dictionary<string, PasswordHash>(StringComparer.Ordinal);
        foreach (var entry in section?.Children ?? [])
        {
            if (PasswordHash.TryParse(entry.Value!) is { } hash)
            {
                passwords[entry.Key] = hash;
            }
            else
            {
                errors.Add(entry, null, "must be a hash: pbkdf2-sha512:ITERATIONS:SALT:HASH", "`gateway key password` makes it from a password");
            }
        }

        return passwords;
    }

    private static JwtOptions? ReadJwt(ConfigurationNode? section, ConfigurationErrors errors)
    {
        if (section is null)
        {
            return null;
        }

        var (file, url) = (section.Child("JwksFile"), section.Child("JwksUrl"));
        if (file is null && url is null)
        {
            if (!errors.IsSpokenAbout(section.PathOf("JwksUrl")))
            {
                errors.AddMissing(section, "JwksFile", "add JwksFile or JwksUrl: where the issuer's public keys are");
            }
        }
        else if (file is not null && url is not null)
        {
            errors.Add(url, QuotedValue.Of(url.Value!), "there is a JwksFile as well", "keep one of the two");
        }

        Uri? address = null;
        if (url is not null && !IsSafe(url.Value!, out address))
        {
            errors.Add(url, QuotedValue.Of(url.Value!), "must be an https URL, or http on this machine", "keys that anybody on the way can replace protect nothing");
        }

        return section.Child("Issuer")?.Value is { } issuer && section.Child("Audience")?.Value is { } audience
            ? new JwtOptions(issuer, audience, file?.Value, address)
            : null;
    }

    private static bool IsSafe(string text, out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
        && url.UserInfo.Length == 0;
}
