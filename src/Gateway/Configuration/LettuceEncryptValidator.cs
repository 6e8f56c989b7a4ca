using System.Buffers.Text;
using System.Net;

namespace Gateway.Configuration;

/// <summary>Checks what the schema cannot say about automatic certificates.</summary>
internal static class LettuceEncryptValidator
{
    private const string Hook = "Gateway:Acme:DnsHook";

    public static void Validate(ConfigurationNode root, IReadOnlyList<EndpointOptions> endpoints, ConfigurationErrors errors)
    {
        ValidateBinding(root.Find("LettuceEncrypt:EabCredentials"), errors);
        foreach (var issuer in root.Find("Gateway:Acme:Issuers")?.Children ?? [])
        {
            ValidateBinding(issuer.Child("EabCredentials"), errors);
            ValidateAddress(issuer.Child("DirectoryUrl"), errors);
            ValidateAddress(issuer.Child("StagingUrl"), errors);
        }

        var names = AcmeOptionsReader.DomainNames(root).ToArray();
        if (root.Child("LettuceEncrypt") is not { } section || names.Length == 0)
        {
            return;
        }

        if (section.Child("AcceptTermsOfService") is not { } accepted)
        {
            errors.AddMissing(section, "AcceptTermsOfService", "read the CA's terms of service and add \"AcceptTermsOfService\": true");
        }
        else if (!bool.Parse(accepted.Value!))
        {
            errors.Add(accepted, accepted.Value, "no certificate without it", "read the CA's terms of service and set it to true");
        }

        foreach (var name in names)
        {
            ValidateName(name, root, errors);
        }

        ValidateChallengeTypes(root, section, names, endpoints, errors);
    }

    // RFC 8555 section 7.3.4. Padding and the signs of plain base64 are let pass, as CAs give keys out with them.
    private static void ValidateBinding(ConfigurationNode? binding, ConfigurationErrors errors)
    {
        if (binding?.Child("EabKey") is { Value: { } key } node
            && !errors.IsSpokenAbout(node.Path)
            && (!Base64Url.IsValid(key.Trim().TrimEnd('=').Replace('+', '-').Replace('/', '_'), out var length) || length == 0))
        {
            errors.Add(node, null, "must be base64url", "copy the HMAC key once more from the CA's page: letters, digits, - and _ only");
        }
    }

    private static void ValidateAddress(ConfigurationNode? address, ConfigurationErrors errors)
    {
        if (address?.Value is { } url && !errors.IsSpokenAbout(address.Path) && !Uri.TryCreate(url.Trim(), UriKind.Absolute, out _))
        {
            errors.Add(address, QuotedValue.Of(address), "is no URL", "for example https://acme-v02.api.letsencrypt.org/directory");
        }
    }

    private static void ValidateName(ConfigurationNode name, ConfigurationNode root, ConfigurationErrors errors)
    {
        var isWildcard = name.Value!.StartsWith("*.", StringComparison.Ordinal);
        var host = isWildcard ? name.Value[2..] : name.Value;
        if (Uri.CheckHostName(host) is UriHostNameType.Unknown || (isWildcard && IPAddress.TryParse(host, out _)))
        {
            errors.Add(name, QuotedValue.Of(name), "must be a domain name, *.domain or an IP address, without scheme, port and path", "for example example.com");
        }
        else if (isWildcard && root.Find(Hook) is null && !errors.IsSpokenAbout(Hook))
        {
            errors.Add(name, QuotedValue.Of(name), "wildcard names can only be proved by dns-01", "set Gateway:Acme:DnsHook to the command that writes DNS records");
        }
    }

    /// <summary>A gateway that could prove no name at all would find out only in the middle of the night of the first renewal.</summary>
    private static void ValidateChallengeTypes(
        ConfigurationNode root,
        ConfigurationNode section,
        IReadOnlyList<ConfigurationNode> names,
        IReadOnlyList<EndpointOptions> endpoints,
        ConfigurationErrors errors)
    {
        // Without any endpoint there is no gateway; that is said elsewhere.
        var acme = root.Find("Gateway:Acme");
        if (endpoints.Count == 0 || errors.IsSpokenAbout(Hook) || errors.IsSpokenAbout("LettuceEncrypt:AllowedChallengeTypes"))
        {
            return;
        }

        AcmeChallengeType[] possible = [.. AcmeOptionsReader.ChallengeTypes(root).Where(type => AcmeOptionsReader.IsPossible(type, endpoints, acme))];
        if (possible.Length > 0)
        {
            foreach (var name in names.Where(name => !errors.IsSpokenAbout(name.Path) && !possible.Any(type => AcmeOptions.Proves(type, name.Value!))))
            {
                errors.Add(name, QuotedValue.Of(name), "there is no way to prove it to the CA", WhatProves(name.Value!));
            }

            return;
        }

        var missing = AcmeOptionsReader.ChallengeTypes(root).Select(type => type switch
        {
            AcmeChallengeType.Http01 => "http-01 needs an http endpoint such as http://*:80",
            AcmeChallengeType.TlsAlpn01 => "tls-alpn-01 needs an https endpoint without Certificate and Sni of its own, such as https://*:443",
            _ => "dns-01 needs Gateway:Acme:DnsHook",
        });
        var node = section.Child("AllowedChallengeTypes") ?? section;
        errors.Add(node, node.Value, "there is no way to prove the names to the CA", string.Join("; ", missing));
    }

    private static string WhatProves(string name) => name.StartsWith("*.", StringComparison.Ordinal)
        ? "wildcard names can only be proved by dns-01: add Dns01 to LettuceEncrypt:AllowedChallengeTypes"
        : "addresses can only be proved by http-01 and tls-alpn-01: add an endpoint for one of them, and allow it in LettuceEncrypt:AllowedChallengeTypes";
}
