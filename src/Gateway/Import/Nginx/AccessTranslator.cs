using System.Net;
using Gateway.Configuration;

namespace Gateway.Import.Nginx;

/// <summary>auth_basic, allow and deny as policies of <c>Gateway:Access</c>. What cannot be kept lets nobody in.</summary>
internal sealed class AccessTranslator(ImportContext context)
{
    private static readonly string[] OtherGuards = ["auth_request", "auth_jwt", "ssl_verify_client", "auth_delay", "access_by_lua_block", "access_by_lua_file", "auth_digest", "auth_pam", "auth_ldap"];

    private readonly Dictionary<string, string> _policies = [];

    /// <summary>The policy of a location; null where everybody may come.</summary>
    /// <param name="scope">Of the location.</param>
    /// <param name="name">For a policy that is not there yet.</param>
    public string? PolicyOf(NginxScope scope, string name)
    {
        if (OtherGuard(scope) is { } guard)
        {
            context.Report.Refuse(guard, "the gateway cannot ask this: until you give the route a policy that it has (addresses, API keys, passwords, tokens), nobody gets in (403)");
            return Add(name, AddressRules.Nobody, null, $"{guard.Place.Short}: {guard.Name} is not supported, so nobody gets in. Put Allow, ApiKeys, Basic or Jwt here.");
        }

        var rules = Rules(scope);
        var users = Users(scope);
        if (scope.Find("satisfy") is { First: "any" } satisfy && users is not null && !rules.IsEmpty)
        {
            context.Report.Change(satisfy, "the password is needed from every address: a policy has no 'or'");
            rules = new AddressRules([], []);
        }
        else if (scope.Find("satisfy") is { } all)
        {
            context.Report.Keep(all);
        }

        if (users is { Count: 0 })
        {
            rules = AddressRules.Nobody;
        }

        return users is null && rules.IsEmpty ? null : Add(name, rules, users, Places(scope));
    }

    /// <summary>Whether a location turns everybody away.</summary>
    public bool LetsNobodyIn(NginxScope scope) => Rules(scope).LetsNobodyIn;

    /// <summary>Whether a block has rules of its own.</summary>
    public static bool IsGuarded(NginxScope scope) =>
        scope.Directives.Any(d => d.Name == "deny" || (d.Name is "auth_basic" && d.First != "off") || OtherGuards.Contains(d.Name));

    private static NginxDirective? OtherGuard(NginxScope scope) => OtherGuards
        .Select(scope.Find).FirstOrDefault(d => d is not null && d.First is not ("off" or "optional" or "optional_no_ca"));

    private string Add(string name, AddressRules rules, Dictionary<string, string>? users, string comment)
    {
        var policy = new JsonText();
        if (rules.Allow.Count > 0)
        {
            policy.Add("Allow", new List<object>(rules.Allow.Select(Text)));
        }

        if (rules.Deny.Count > 0)
        {
            policy.Add("Deny", new List<object>(rules.Deny.Select(Text)));
        }

        var basic = new JsonText();
        foreach (var (user, hash) in users ?? [])
        {
            basic.Add(user, hash);
        }

        policy.AddUnlessEmpty("Basic", basic);
        // Hashes are salted: users of the same file are told apart by where they came from.
        var key = $"{string.Join(',', rules.Allow)}|{string.Join(',', rules.Deny)}|{(users is null ? "" : comment)}";
        if (_policies.TryGetValue(key, out var known))
        {
            return known;
        }

        var unique = name;
        for (var i = 2; context.Output.Access.Any(a => a.Name.Equals(unique, StringComparison.OrdinalIgnoreCase)) || unique is "Default" or "Anonymous"; i++)
        {
            unique = $"{name}-{i}";
        }

        context.Output.Access.Add((unique, policy, comment));
        return _policies[key] = unique;
    }

    private static string Text(IPNetwork range) =>
        range.PrefixLength == range.BaseAddress.GetAddressBytes().Length * 8 ? range.BaseAddress.ToString() : range.ToString();

    private static string Places(NginxScope scope) => string.Join(", ", scope.AllOf("allow", "deny").Concat(scope.All("auth_basic_user_file")).Select(d => d.Place.Short).Distinct());

    private AddressRules Rules(NginxScope scope)
    {
        var rules = new List<(bool, IPNetwork?)>();
        foreach (var directive in scope.AllOf("allow", "deny"))
        {
            if (directive.First == "all")
            {
                rules.Add((directive.Name == "allow", null));
                context.Report.Keep(directive);
            }
            else if (directive.First == "unix:")
            {
                context.Report.Change(directive, "a connection over a unix socket has no address, and no rule for addresses lets it in");
            }
            else if (Range(directive.First) is { } range)
            {
                rules.Add((directive.Name == "allow", range));
                context.Report.Keep(directive);
            }
            else if (directive.Name == "deny")
            {
                context.Report.Refuse(directive, "not an address: nobody gets in until the policy says who may");
                return AddressRules.Nobody;
            }
            else
            {
                context.Report.Refuse(directive, "not an address: left out; add the address to the policy's Allow");
            }
        }

        return AddressRules.Of(rules);
    }

    internal static IPNetwork? Range(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        var length = bytes.Length * 8;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], System.Globalization.NumberStyles.None, null, out length) || length > bytes.Length * 8))
        {
            return null;
        }

        // nginx takes 10.0.0.1/8 for 10.0.0.0/8.
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    private Dictionary<string, string>? Users(NginxScope scope)
    {
        if (scope.Find("auth_basic") is not { } basic || basic.First == "off")
        {
            if (scope.Find("auth_basic") is { } off)
            {
                context.Report.Keep(off);
            }

            return null;
        }

        context.Report.Change(basic, "the realm is the gateway's own; the service gets X-Authenticated-User in place of the password");
        if (scope.Find("auth_basic_user_file") is not { } file)
        {
            context.Report.Refuse(basic, "names no file with users: nobody gets in (403); add them with `gateway key password`");
            return [];
        }

        try
        {
            return Convert(file, Htpasswd.Parse(NginxFiles.Text(context.Files.Resolve(file.First))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            context.Report.Refuse(file, "the file cannot be read here: nobody gets in (403) until you add users to the policy with `gateway key password NAME`");
            return [];
        }
    }

    private Dictionary<string, string> Convert(NginxDirective file, IReadOnlyList<Htpasswd> entries)
    {
        var users = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries.Where(e => e.Password is { Length: > 0 }))
        {
            users.TryAdd(entry.User, PasswordHash.Of(entry.Password!).ToString());
        }

        Htpasswd[] lost = [.. entries.Where(e => !users.ContainsKey(e.User))];
        if (lost.Length > 0)
        {
            var names = string.Join(", ", lost.Select(e => $"{e.User} ({e.Kind})"));
            context.Report.Refuse(file, $"passwords that only exist as a hash cannot be taken over: {names}. Run `gateway key password NAME` for each and add the line to the policy; "
                + (users.Count == 0 ? "until then nobody gets in (403)" : "until then these users do not get in"));
        }
        else if (users.Count == 0)
        {
            context.Report.Refuse(file, "has no users: nobody gets in (403)");
        }
        else
        {
            context.Report.Change(file, "passwords are in gateway.json as PBKDF2 hashes; the file itself is no longer read");
        }

        return users;
    }
}
