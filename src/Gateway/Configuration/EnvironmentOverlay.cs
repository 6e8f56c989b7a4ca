namespace Gateway.Configuration;

/// <summary>Lays environment variables over the file: <c>GATEWAY_Kestrel__Endpoints__https__Url=https://*:8443</c>, case ignored,
/// list entries by position (<c>GATEWAY_GATEWAY__TRUSTEDPROXIES__0</c>). A variable replaces what the file has at that path.</summary>
/// <remarks>
/// Other programs use names that start with GATEWAY_ too: Kubernetes gives every container GATEWAY_PORT and GATEWAY_SERVICE_HOST when
/// a service is called gateway, CGI has GATEWAY_INTERFACE. So a name without two underscores is an override only if it is a section's
/// name; it is an error if it is nearly one, names a key of the Gateway section, or names a known path with single
/// underscores; otherwise it is not meant for us. A name with two underscores always is, and has to be right.
/// </remarks>
internal sealed class EnvironmentOverlay(Schema schema, ConfigurationErrors errors)
{
    private const string Prefix = "GATEWAY_";
    private const int MaxDepth = 64;

    private readonly Dictionary<string, string> _variableOfPath = new(StringComparer.OrdinalIgnoreCase);

    public ConfigurationNode Apply(ConfigurationNode root, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var (name, value) in environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name.Length > Prefix.Length)
            {
                root = Apply(root, name, value);
            }
        }

        return root;
    }

    private ConfigurationNode Apply(ConfigurationNode root, string name, string value)
    {
        var location = SourceLocation.OfVariable(name);
        var keys = name[Prefix.Length..].Split("__");
        if (schema.For(keys[0]) is null)
        {
            if (Remedy(keys) is { } remedy)
            {
                errors.Add(location, "", null, "unknown key", remedy);
            }

            return root;
        }

        keys = AsInSchema(keys);
        var path = string.Join(':', keys);
        if (keys.Length > MaxDepth || keys.Contains(""))
        {
            errors.Add(location, "", null, "names no key", "write two underscores between two keys");
            return root;
        }

        if (!_variableOfPath.TryAdd(path, name))
        {
            errors.Add(location, path, null, $"set already by environment variable {_variableOfPath[path]}", "keep one of the two");
            return root;
        }

        return root.With(keys, value, location);
    }

    private string? Remedy(string[] keys)
    {
        var sections = schema.Properties.Where(property => !property.Value.IsForbidden).Select(property => property.Key).ToArray();
        if (DidYouMean.Nearest(keys[0], sections) is { } near)
        {
            return $"did you mean '{Variable([near, .. keys[1..]])}'?";
        }

        if (Resolve(["Gateway", keys[0]]))
        {
            return $"did you mean '{Variable(["Gateway", .. keys])}'?";
        }

        if (keys.Length > 1)
        {
            return "known here: " + string.Join(", ", sections);
        }

        var parts = keys[0].Split('_');
        return parts.Length > 1 && Resolve(parts) ? $"did you mean '{Variable(parts)}'?" : null;
    }

    /// <summary>GATEWAY:HTTPSREDIRECT as the schema spells it, Gateway:HttpsRedirect: messages show it.</summary>
    private string[] AsInSchema(string[] keys)
    {
        Schema? at = schema;
        return [.. keys.Select(key =>
        {
            var name = at?.Properties.Keys.FirstOrDefault(known => known.Equals(key, StringComparison.OrdinalIgnoreCase)) ?? key;
            at = at?.For(key);
            return name;
        })];
    }

    private bool Resolve(string[] keys)
    {
        Schema? found = schema;
        foreach (var key in keys)
        {
            found = found?.For(key);
        }

        return found is not null;
    }

    private static string Variable(string[] keys) => Prefix + string.Join("__", keys).ToUpperInvariant();
}
