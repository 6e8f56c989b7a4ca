using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>Reads gateway.json and the environment into one validated configuration.</summary>
internal static class ConfigurationReader
{
    /// <summary>Reads and checks everything; reports every error at once, in file order, environment last. Never throws for bad input.</summary>
    /// <param name="path">The configuration file.</param>
    /// <param name="environment">All variables of the process.</param>
    public static ConfigurationResult Read(string path, IReadOnlyDictionary<string, string> environment)
    {
        var errors = new ConfigurationErrors();
        EnvironmentValidator.Validate(environment, errors);
        if (ConfigurationFile.Read(path, errors) is not { } file)
        {
            return new ConfigurationResult(new GatewayConfiguration { FilePath = path, Tree = ConfigurationNode.EmptyRoot(path) }, errors.InOrder());
        }

        return Read(path, file, environment, errors);
    }

    /// <summary>Reads and checks a file's content, as <see cref="Read(string, IReadOnlyDictionary{string, string})"/> does.</summary>
    /// <param name="path">The name in the errors.</param>
    /// <param name="content">What stands in the file.</param>
    /// <param name="environment">All variables of the process.</param>
    public static ConfigurationResult Read(string path, byte[] content, IReadOnlyDictionary<string, string> environment)
    {
        var errors = new ConfigurationErrors();
        EnvironmentValidator.Validate(environment, errors);
        return Read(path, JsonTree.Read(content, path, errors) ?? ConfigurationNode.EmptyRoot(path), environment, errors);
    }

    /// <summary>What the environment alone says, for what needs no file.</summary>
    /// <param name="path">Where the file would be.</param>
    /// <param name="environment">All variables of the process.</param>
    public static ConfigurationResult ReadWithoutFile(string path, IReadOnlyDictionary<string, string> environment)
    {
        var errors = new ConfigurationErrors();
        EnvironmentValidator.Validate(environment, errors);
        return Read(path, ConfigurationNode.EmptyRoot(path), environment, errors);
    }

    private static ConfigurationResult Read(
        string path, ConfigurationNode file, IReadOnlyDictionary<string, string> environment, ConfigurationErrors errors)
    {
        // 1. Lay the environment over the file.
        var tree = new EnvironmentOverlay(Schema.Root, errors).Apply(file, environment);

        // 2. Check keys and values against the schema, and go on without those that are wrong.
        var walker = new SchemaWalker(errors);
        walker.Walk(tree, Schema.Root);
        var usable = tree.Without(walker.Unusable);
        var root = new ConfigurationBuilder().AddInMemoryCollection(usable.Flatten()).Build();

        // 3. Check what the values mean.
        var endpoints = new EndpointValidator(errors);
        endpoints.Validate(usable);
        ClusterValidator.Validate(usable, errors);
        LettuceEncryptValidator.Validate(usable, endpoints.Endpoints, errors);
        var (routes, clusters) = ReadYarp(usable, root, errors);

        var gateway = GatewayOptionsReader.Read(usable, errors);
        AdminRouteValidator.Validate(usable, routes, clusters, gateway.Admin, errors);

        var configuration = new GatewayConfiguration
        {
            FilePath = path,
            Tree = tree,
            Root = root,
            Gateway = gateway,
            Endpoints = endpoints.Endpoints,
            EndpointCertificates = endpoints.Certificates,
            Routes = routes,
            Clusters = clusters,
            AllowedHosts = AllowedHostsReader.Read(usable, errors),
            SslEnabled = EnvironmentValidator.IsSslEnabled(environment),
            Certificates = CertificateOptionsReader.Read(usable, environment),
            Acme = AcmeOptionsReader.Read(usable, endpoints.Endpoints, environment),
        };
        return new ConfigurationResult(configuration, errors.InOrder());
    }

    private static (IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters) ReadYarp(
        ConfigurationNode usable, IConfigurationRoot root, ConfigurationErrors errors)
    {
        using var yarp = new YarpConfiguration(root);
        try
        {
            var config = yarp.Read();
            new RouteValidator(yarp, errors).Validate(usable, config);
            new YarpValidator(yarp, errors).Validate(usable, config);
            return (config.Routes, config.Clusters);
        }
        catch (Exception e)
        {
            // The schema is meant to be at least as strict as YARP's reader; if it is not, say what YARP says.
            errors.Add(usable.Nearest("ReverseProxy"), null, "YARP cannot read it: " + QuotedValue.OfMessage(e.Message));
            return ([], []);
        }
    }
}
