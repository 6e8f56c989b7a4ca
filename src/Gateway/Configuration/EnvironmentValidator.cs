namespace Gateway.Configuration;

/// <summary>The variables that have a meaning without the GATEWAY_ prefix. An empty one counts as not set, since container
/// files pass them on that way.</summary>
internal static class EnvironmentValidator
{
    public const string CertificatePath = "SSL_CERT_PATH";
    public const string KeyPath = "SSL_KEY_PATH";
    private const string EnableSsl = "ENABLE_SSL";

    public static string? Text(IReadOnlyDictionary<string, string> environment, string name) =>
        environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>Whether https endpoints speak TLS: yes, unless ENABLE_SSL says otherwise.</summary>
    public static bool IsSslEnabled(IReadOnlyDictionary<string, string> environment) =>
        !bool.TryParse(Text(environment, EnableSsl), out var enabled) || enabled;

    public static void Validate(IReadOnlyDictionary<string, string> environment, ConfigurationErrors errors)
    {
        if (Text(environment, EnableSsl) is { } ssl && !bool.TryParse(ssl, out _))
        {
            errors.Add(SourceLocation.OfVariable(EnableSsl), "", QuotedValue.Of(ssl), "must be true or false");
        }

        if ((Text(environment, CertificatePath) is null) != (Text(environment, KeyPath) is null))
        {
            var (set, missing) = Text(environment, KeyPath) is null ? (CertificatePath, KeyPath) : (KeyPath, CertificatePath);
            errors.Add(SourceLocation.OfVariable(set), "", QuotedValue.Of(environment[set]), $"is set without {missing}", $"set {missing} too, or neither");
        }

        // ASP.NET Core would install a middleware that believes the X-Forwarded-* headers of every client.
        foreach (var name in new[] { "ASPNETCORE_FORWARDEDHEADERS_ENABLED", "DOTNET_FORWARDEDHEADERS_ENABLED", "FORWARDEDHEADERS_ENABLED" })
        {
            if ("true".Equals(Text(environment, name), StringComparison.OrdinalIgnoreCase))
            {
                errors.Add(SourceLocation.OfVariable(name), "", environment[name], "lets every client forge its address", "unset it, and name your proxies in Gateway:TrustedProxies");
            }
        }
    }
}
