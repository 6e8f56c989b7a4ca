using Gateway.Configuration;

namespace Gateway.FrontEnd;

/// <summary>Looks for what <c>Gateway:StaticFiles</c> names, as the first request would.</summary>
internal static class StaticFilesValidator
{
    private const string Section = "Gateway:StaticFiles:";

    public static IEnumerable<ConfigurationError> Validate(GatewayConfiguration configuration)
    {
        if (configuration.Gateway.StaticFiles is not { } options)
        {
            yield break;
        }

        if (!Directory.Exists(options.Root))
        {
            yield return Error(configuration, "Root", options.Root, File.Exists(options.Root) ? "is a file" : "there is no such folder", "name the folder of the built front end, where its index.html is");
        }
        else if (Unreadable(options.Root) is { } why)
        {
            yield return Error(configuration, "Root", options.Root, why, "let the gateway's user read it: chmod -R o+rX, or chown");
        }
        else if (options.Fallback is { } fallback && !File.Exists(Path.Combine(options.Root, fallback.TrimStart('/'))))
        {
            yield return Error(configuration, "Fallback", fallback, $"there is no such file in {options.Root}", "build the front end first, or name its page, mostly index.html");
        }
    }

    private static string? Unreadable(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read by user '{Environment.UserName}'";
        }
    }

    private static ConfigurationError Error(GatewayConfiguration configuration, string key, string value, string rule, string remedy) =>
        new(configuration.Locate(Section + key), Section + key, value, rule, remedy);
}
