using Gateway.Configuration;

namespace Gateway.Proxying;

/// <summary>Looks for the files of <c>Gateway:ErrorPages</c>: the first failure is no time to find out.</summary>
internal static class ErrorPagesValidator
{
    public static IEnumerable<ConfigurationError> Validate(GatewayConfiguration configuration)
    {
        foreach (var (status, path) in configuration.Gateway.ErrorPages)
        {
            if (Problem(path) is { } problem)
            {
                var key = "Gateway:ErrorPages:" + status;
                yield return new ConfigurationError(configuration.Locate(key), key, path, problem, "name a file with an HTML page that the gateway's user may read");
            }
        }
    }

    private static string? Problem(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return file.Length == 0 ? "is empty" : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "there is no such file";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
