using Gateway.Configuration;

namespace Gateway.Boundary.Access;

/// <summary>Reads every <c>JwksFile</c> as the first token would have it read, and reports all that is wrong.</summary>
internal static class SigningKeyFiles
{
    public static IReadOnlyList<ConfigurationError> Validate(GatewayConfiguration configuration)
    {
        var errors = new List<ConfigurationError>();
        foreach (var policy in configuration.Gateway.Access.Values)
        {
            if (policy.Jwt?.JwksFile is { } path && Problem(path) is { } problem)
            {
                var key = $"Gateway:Access:{policy.Name}:Jwt:JwksFile";
                errors.Add(new ConfigurationError(configuration.Locate(key), key, path, problem, "name a file with the issuer's JWK set"));
            }
        }

        return errors;
    }

    private static string? Problem(string path)
    {
        try
        {
            JsonWebKeys.Parse(File.ReadAllBytes(path));
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "there is no such file";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return e.Message;
        }
    }
}
