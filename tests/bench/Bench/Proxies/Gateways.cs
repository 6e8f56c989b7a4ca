using System.Text.Json;

namespace Bench.Proxies;

/// <summary>A published gateway with everything on that it has by default: access log, header rules, limits. Standard output is a file here.</summary>
internal static class Gateways
{
    /// <param name="name">Tells variants apart.</param>
    /// <param name="path">The program, or the folder it was published to.</param>
    /// <param name="environment">What differs from how users start it.</param>
    public static Proxy Create(string name, string path, IReadOnlyDictionary<string, string> environment)
    {
        var program = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, "gateway") : path);
        if (!File.Exists(program))
        {
            throw new FileNotFoundException($"--gateway: there is no program {program}", program);
        }

        var settings = new Dictionary<string, string>(environment);
        if (Environment.ProcessorCount > 2)
        {
            // As many as the others have workers.
            settings.TryAdd("DOTNET_PROCESSOR_COUNT", "2");
        }

        return new Proxy(name, name, site => [program, "run", "--config", site.Write("gateway.json", Configuration(site))])
        {
            IsGateway = true,
            Environment = settings,
            VersionCommand = [program, "--version"],
        };
    }

    // The deployed sample with certificates from files.
    private static string Configuration(Site site) => JsonSerializer.Serialize(new
    {
        Kestrel = new { Endpoints = new { https = new { Url = $"https://127.0.0.1:{site.Port}" } } },
        Gateway = new
        {
            StateDirectory = site.Folder,
            // Of its own for each: the second gateway on a machine finds the default taken, has no metrics then, and looks for who has it.
            Admin = $"127.0.0.1:{site.Port + 1000}",
            Certificates = new[] { new { Path = site.Credentials.CertificatePath, site.Credentials.KeyPath } },
        },
        ReverseProxy = new
        {
            Routes = new
            {
                voice = new { ClusterId = "voice", Match = new { Path = "/api/{**rest}" } },
                video = new { ClusterId = "video", Match = new { Path = "/ws/{**rest}" }, Metadata = new { WebSockets = "true" } },
                web = new { ClusterId = "web", Match = new { Path = "/{**rest}" } },
            },
            Clusters = new { voice = Cluster(site), video = Cluster(site), web = Cluster(site) },
        },
    });

    private static object Cluster(Site site) => new { Destinations = new { one = new { Address = $"http://127.0.0.1:{site.ServicePort}" } } };
}
