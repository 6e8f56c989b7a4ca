using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>Asks YARP for its opinion on every route and cluster and reports what has not been said yet, at the place it is about.</summary>
internal sealed class YarpValidator(YarpConfiguration yarp, ConfigurationErrors errors)
{
    // YARP's errors are texts. The first word found says what they are about; policies come first, because they are quoted in no other text.
    private static readonly (string Word, string Path)[] RouteSubjects =
    [
        ("authorization policy", "AuthorizationPolicy"), ("CORS policy", "CorsPolicy"), ("RateLimiter policy", "RateLimiterPolicy"),
        ("OutputCache policy", "OutputCachePolicy"), ("TimeoutPolicy", "TimeoutPolicy"), ("timeout policy", "TimeoutPolicy"), ("Timeout", "Timeout"),
        ("transform", "Transforms"), ("Unexpected", "Transforms"), ("HTTP method", "Match:Methods"), ("host name", "Match:Hosts"),
        ("query parameter", "Match:QueryParameters"), ("header", "Match:Headers"), ("Hosts or Path", "Match"), ("path", "Match:Path"),
    ];

    private static readonly (string Word, string Path)[] ClusterSubjects =
    [
        ("load balancing", "LoadBalancingPolicy"), ("affinity", "SessionAffinity"), ("destinations policy", "HealthCheck:AvailableDestinationsPolicy"),
        ("active health check", "HealthCheck:Active"), ("probing", "HealthCheck:Active"), ("passive health check", "HealthCheck:Passive"),
        ("reactivation", "HealthCheck:Passive"), ("request header encoding", "HttpClient:RequestHeaderEncoding"),
        ("response header encoding", "HttpClient:ResponseHeaderEncoding"), ("connections", "HttpClient:MaxConnectionsPerServer"),
        ("version", "HttpRequest:Version"), ("destination", "Destinations"),
    ];

    public void Validate(ConfigurationNode root, IProxyConfig config)
    {
        foreach (var route in config.Routes)
        {
            Report(root.Nearest("ReverseProxy:Routes:" + route.RouteId), yarp.Validate(route), RouteSubjects);
        }

        foreach (var cluster in config.Clusters)
        {
            Report(root.Nearest("ReverseProxy:Clusters:" + cluster.ClusterId), yarp.Validate(cluster), ClusterSubjects);
        }
    }

    private void Report(ConfigurationNode node, IEnumerable<Exception> problems, (string Word, string Path)[] subjects)
    {
        foreach (var problem in problems)
        {
            var subject = Array.Find(subjects, s => problem.Message.Contains(s.Word, StringComparison.OrdinalIgnoreCase)).Path;
            var about = subject is null ? node : node.Nearest(subject);
            if (!errors.IsSpokenAboutWithin(about.Path))
            {
                errors.Add(about, null, "YARP refuses it: " + QuotedValue.OfMessage(problem.Message));
            }
        }
    }
}
