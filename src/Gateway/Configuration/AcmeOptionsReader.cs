using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>Reads what <see cref="LettuceEncryptValidator"/> has checked.</summary>
internal static class AcmeOptionsReader
{
    /// <summary>Null when no name is wanted: automatic certificates are off.</summary>
    public static AcmeOptions? Read(
        ConfigurationNode root, IReadOnlyList<EndpointOptions> endpoints, IReadOnlyDictionary<string, string> environment)
    {
        string[] names = [.. DomainNames(root).Select(node => Normalize(node.Value!)).Distinct()];
        if (root.Child("LettuceEncrypt") is not { } section || names.Length == 0)
        {
            return null;
        }

        var acme = root.Find("Gateway:Acme");
        return new AcmeOptions
        {
            DomainNames = names,
            EmailAddress = Text(section, "EmailAddress"),
            Issuers = Issuers(section, acme, UsesStaging(section, environment)),
            ChallengeTypes = [.. ChallengeTypes(root).Where(type => IsPossible(type, endpoints, acme))],
            RenewDaysInAdvance = Span(section, "RenewDaysInAdvance"),
            RenewalCheckPeriod = Span(section, "RenewalCheckPeriod"),
            KeyAlgorithm = Text(section, "KeyAlgorithm")?.ToUpperInvariant() ?? "ES256",
            KeySize = Text(section, "KeySize") is { } size ? int.Parse(size, CultureInfo.InvariantCulture) : null,
            AdditionalIssuers = Texts(section.Child("AdditionalIssuers")),
            DnsHook = Text(acme, "DnsHook"),
            PreferredChain = Text(acme, "PreferredChain"),
            Profile = Text(acme, "Profile"),
            OnRenewed = Text(acme, "OnRenewed"),
            PfxPassword = acme?.Child("PfxPassword")?.Value,
        };
    }

    /// <summary>The wanted names; localhost, for which no CA issues, is left out.</summary>
    public static IEnumerable<ConfigurationNode> DomainNames(ConfigurationNode root) =>
        (root.Find("LettuceEncrypt:DomainNames")?.Children ?? []).Where(name =>
            name.Value is { Length: > 0 } text && !text.Equals("localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>What <c>AllowedChallengeTypes</c> allows, in the order in which it is tried: what needs nothing from outside first.</summary>
    public static IEnumerable<AcmeChallengeType> ChallengeTypes(ConfigurationNode root)
    {
        var allowed = (root.Find("LettuceEncrypt:AllowedChallengeTypes")?.Value ?? "Any").Split(',', StringSplitOptions.TrimEntries);
        return Enum.GetValues<AcmeChallengeType>().Where(type =>
            allowed.Contains("Any", StringComparer.OrdinalIgnoreCase) || allowed.Contains(type.ToString(), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Whether this gateway could answer a challenge of a type.</summary>
    public static bool IsPossible(AcmeChallengeType type, IReadOnlyList<EndpointOptions> endpoints, ConfigurationNode? acme) => type switch
    {
        AcmeChallengeType.Http01 => endpoints.Any(e => !e.IsHttps && IsTcp(e)),
        AcmeChallengeType.TlsAlpn01 => endpoints.Any(e => e is { IsHttps: true, HasOwnCertificate: false } && IsTcp(e)),
        _ => acme?.Child("DnsHook") is not null,
    };

    private static bool IsTcp(EndpointOptions endpoint) =>
        ListenAddress.Parse(endpoint.Url, out _, out _) is { Socket: null };

    private static string Normalize(string name) => IPAddress.TryParse(name, out var address)
        ? address.ToString()
        : name.TrimEnd('.').ToLowerInvariant();

    private static bool UsesStaging(ConfigurationNode section, IReadOnlyDictionary<string, string> environment)
    {
        if (Text(section, "UseStagingServer") is { } chosen)
        {
            return bool.Parse(chosen);
        }

        // The variables by which ASP.NET Core tells a developer's machine.
        var name = EnvironmentValidator.Text(environment, "ASPNETCORE_ENVIRONMENT") ?? EnvironmentValidator.Text(environment, "DOTNET_ENVIRONMENT");
        return "Development".Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static AcmeIssuerOptions[] Issuers(ConfigurationNode section, ConfigurationNode? acme, bool staging)
    {
        var binding = Binding(section.Child("EabCredentials"));
        AcmeIssuerOptions[] issuers =
        [
            .. (acme?.Child("Issuers")?.Children ?? []).Where(issuer => Address(issuer, "DirectoryUrl") is not null)
                .Select(issuer => Issuer(issuer, staging, binding)),
        ];
        return issuers.Length > 0
            ? issuers
            : [new AcmeIssuerOptions(Directory(AcmeIssuerOptions.LetsEncrypt, staging)) { EabCredentials = binding }];
    }

    private static AcmeIssuerOptions Issuer(ConfigurationNode node, bool staging, EabCredentials? binding)
    {
        var issuer = new AcmeIssuerOptions(Directory(Address(node, "DirectoryUrl")!, staging))
        {
            EabCredentials = Binding(node.Child("EabCredentials")) ?? binding,
            TrustedRoots = Texts(node.Child("TrustedRoots")),
        };
        return Address(node, "StagingUrl") is { } url ? issuer with { StagingUrl = url } : issuer;
    }

    private static Uri? Address(ConfigurationNode node, string key) => Uri.TryCreate(Text(node, key), UriKind.Absolute, out var url) ? url : null;

    private static Uri Directory(Uri url, bool staging) =>
        staging && url == AcmeIssuerOptions.LetsEncrypt ? AcmeIssuerOptions.LetsEncryptStaging : url;

    private static EabCredentials? Binding(ConfigurationNode? node) =>
        Text(node, "EabKeyId") is { } id && Text(node, "EabKey") is { } key
            ? new EabCredentials(id, key, Text(node, "EabKeyAlg")?.ToUpperInvariant() ?? "HS256")
            : null;

    private static TimeSpan? Span(ConfigurationNode section, string key) =>
        Text(section, key) is { } text ? TimeSpan.ParseExact(text, "c", CultureInfo.InvariantCulture) : null;

    private static string? Text(ConfigurationNode? node, string key) =>
        node?.Child(key)?.Value is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private static IReadOnlyList<string> Texts(ConfigurationNode? list) =>
        [.. (list?.Children ?? []).Select(child => child.Value).OfType<string>()];
}
