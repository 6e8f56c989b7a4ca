using Microsoft.AspNetCore.DataProtection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Configuration;

/// <summary>YARP's own reader and validators, so that the gateway accepts exactly what YARP will.</summary>
internal sealed class YarpConfiguration : IDisposable
{
    private readonly ServiceProvider _services;

    public YarpConfiguration(IConfiguration root)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(root.GetSection("ReverseProxy"));
        services.AddAuthorization(options =>
        {
            foreach (var policy in root.GetSection("Gateway:Access").GetChildren())
            {
                options.AddPolicy(policy.Key, static known => known.RequireAuthenticatedUser());
            }
        });

        // Session affinity asks for data protection; validation must not write its keys to the disk.
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        _services = services.BuildServiceProvider();
    }

    /// <summary>Reads routes and clusters.</summary>
    /// <exception cref="Exception">Of many types, when a value does not have the right form; the schema should have found it.</exception>
    public IProxyConfig Read() => _services.GetRequiredService<IProxyConfigProvider>().GetConfig();

    /// <summary>Everything that YARP has against a route.</summary>
    public IEnumerable<Exception> Validate(RouteConfig route)
    {
        var errors = _services.GetRequiredService<IConfigValidator>().ValidateRouteAsync(route).AsTask().GetAwaiter().GetResult();
        return errors.Count > 0 ? errors : Build(route);
    }

    /// <summary>Everything that YARP has against a cluster.</summary>
    public IEnumerable<Exception> Validate(ClusterConfig cluster) =>
        _services.GetRequiredService<IConfigValidator>().ValidateClusterAsync(cluster).AsTask().GetAwaiter().GetResult();

    /// <summary>Resolves a constraint of a path, as in {id:int}; routing would do so at the first request.</summary>
    public void CheckConstraint(Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter, string constraint) =>
        _services.GetRequiredService<ParameterPolicyFactory>().Create(parameter, constraint);

    public void Dispose() => _services.Dispose();

    // Some mistakes, such as a bad PathPattern, show only when the transforms are made.
    private IEnumerable<Exception> Build(RouteConfig route)
    {
        try
        {
            _services.GetRequiredService<ITransformBuilder>().Build(route, null);
            return [];
        }
        catch (Exception e)
        {
            return [new ArgumentException($"Unusable transform: {e.Message}", e)];
        }
    }
}
