using System.Net;

namespace Gateway.Configuration;

/// <summary>Checks what the schema cannot say about automatic certificates.</summary>
internal static class LettuceEncryptValidator
{
    public static void Validate(ConfigurationNode root, ConfigurationErrors errors)
    {
        var section = root.Child("LettuceEncrypt");
        var names = section?.Child("DomainNames")?.Children.Where(name => name.Value is not null).ToArray() ?? [];
        if (section is null || names.Length == 0)
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
    }

    private static void ValidateName(ConfigurationNode name, ConfigurationNode root, ConfigurationErrors errors)
    {
        var isWildcard = name.Value!.StartsWith("*.", StringComparison.Ordinal);
        var host = isWildcard ? name.Value[2..] : name.Value;
        if (Uri.CheckHostName(host) is UriHostNameType.Unknown || (isWildcard && IPAddress.TryParse(host, out _)))
        {
            errors.Add(name, QuotedValue.Of(name), "must be a domain name, *.domain or an IP address, without scheme, port and path", "for example example.com");
        }
        else if (isWildcard && root.Find("Gateway:Acme:DnsHook") is null && !errors.IsSpokenAbout("Gateway:Acme:DnsHook"))
        {
            errors.Add(name, QuotedValue.Of(name), "wildcard names can only be proved by dns-01", "set Gateway:Acme:DnsHook to the command that writes DNS records");
        }
    }
}
