using Gateway.Configuration;

namespace Gateway.Observability;

/// <summary>Looks for the folder of <c>Gateway:AccessLog</c>. The file is not tried: whoever checks may be somebody else than who serves.</summary>
internal static class AccessLogValidator
{
    public static IEnumerable<ConfigurationError> Validate(GatewayConfiguration configuration)
    {
        const string Key = "Gateway:AccessLog:Path";
        if (configuration.Gateway.AccessLog is not { } log)
        {
            yield break;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(log.Path));
        if (Directory.Exists(log.Path) || folder is null)
        {
            yield return new ConfigurationError(configuration.Locate(Key), Key, log.Path, "is a folder", "name a file in it");
        }
        else if (!Directory.Exists(folder))
        {
            yield return new ConfigurationError(configuration.Locate(Key), Key, log.Path, "there is no such folder", $"make it for the gateway's user: install -d -o gateway {folder}");
        }
    }
}
