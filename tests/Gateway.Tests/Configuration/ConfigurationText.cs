using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>Reads a text as if it stood in gateway.json.</summary>
internal static class ConfigurationText
{
    public static ConfigurationResult Read(string json, params (string Name, string Value)[] environment) =>
        Read(System.Text.Encoding.UTF8.GetBytes(json), environment);

    public static ConfigurationResult Read(byte[] json, params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-configuration-");
        try
        {
            var path = Path.Combine(folder.FullName, "gateway.json");
            File.WriteAllBytes(path, json);
            return ConfigurationReader.Read(path, environment.ToDictionary(v => v.Name, v => v.Value));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The errors as the operator reads them, with the bare file name.</summary>
    public static string[] Errors(string json, params (string Name, string Value)[] environment) => Lines(Read(json, environment));

    public static string[] Lines(ConfigurationResult result)
    {
        var folder = Path.GetDirectoryName(result.Configuration.FilePath) + Path.DirectorySeparatorChar;
        return [.. result.Errors.Select(error => error.ToString().Replace(folder, "", StringComparison.Ordinal))];
    }

    /// <summary>The one error there is.</summary>
    public static string Error(string json, params (string Name, string Value)[] environment) => Assert.Single(Errors(json, environment));

    /// <summary>A valid file with one route and one cluster, whose members are given.</summary>
    public static string WithRoute(string route, string cluster = "\"Destinations\": { \"one\": { \"Address\": \"http://127.0.0.1:1\" } }") =>
        $$"""
        { "ReverseProxy": {
          "Routes": { "r": {
            {{route}}
          } },
          "Clusters": { "c": {
            {{cluster}}
          } } } }
        """;

    /// <summary>A valid file with the given members in a valid route's cluster.</summary>
    public static string WithCluster(string members) => WithRoute("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\" }", members);
}
