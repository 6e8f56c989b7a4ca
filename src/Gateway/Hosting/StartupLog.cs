using Gateway.Certificates;

namespace Gateway.Hosting;

/// <summary>The start-up report of <c>run</c>, as structured events.</summary>
internal static partial class StartupLog
{
    public static void Write(ILogger logger, StartupReport report, CertificateTable table)
    {
        LogStarted(logger, report.Version, report.ConfigurationFile, report.OpenAddress);
        foreach (var endpoint in report.Endpoints)
        {
            LogEndpoint(logger, endpoint.Name, endpoint.Address, endpoint.Description);
        }

        foreach (var certificate in table.Certificates)
        {
            LogCertificate(logger, string.Join(", ", certificate.Names), certificate.Source, certificate.Issuer, certificate.NotAfter);
        }

        foreach (var line in report.Acme)
        {
            LogAcme(logger, line.Name, line.Issuers, line.Proof);
        }

        foreach (var warning in report.HookWarnings)
        {
            LogHook(logger, warning);
        }

        foreach (var route in report.Routes)
        {
            foreach (var destination in route.Destinations)
            {
                LogRoute(logger, route.RouteId, route.Pattern, destination, report.IsUp[destination] ? "up" : "down");
            }
        }

        if (report.FilesRoot is { } root)
        {
            LogFiles(logger, root);
        }
    }

    /// <summary>What stops working without TLS, said where the operator looks.</summary>
    public static void WarnOfPlainHttp(ILogger logger) => LogPlainHttp(logger, PlainHttpWarning);

    public const string PlainHttpWarning =
        "ENABLE_SSL=false: the https endpoints serve plain HTTP, without redirect. Browsers will not give pages the microphone or the camera "
        + "except on localhost, and a page that another proxy serves over HTTPS cannot open ws:// addresses here.";

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "gateway {Version} serves {ConfigurationFile} (valid) at {OpenAddress}")]
    private static partial void LogStarted(ILogger logger, string version, string configurationFile, string openAddress);

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Endpoint {Endpoint} {Address}: {Description}")]
    private static partial void LogEndpoint(ILogger logger, string endpoint, string address, string description);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information, Message = "Certificate for {Names} from {CertificateSource}, issued by {Issuer}, expires {NotAfter:yyyy-MM-dd}")]
    private static partial void LogCertificate(ILogger logger, string names, CertificateSource certificateSource, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 105, Level = LogLevel.Information, Message = "Automatic certificate for {Name} from {Issuers}; proved by {Proof}")]
    private static partial void LogAcme(ILogger logger, string name, string issuers, string proof);

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogHook(ILogger logger, string warning);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "Route {Route} {Pattern} -> {Destination}: {State}")]
    private static partial void LogRoute(ILogger logger, string route, string pattern, string destination, string state);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information, Message = "Everything else -> files in {Root}")]
    private static partial void LogFiles(ILogger logger, string root);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogPlainHttp(ILogger logger, string warning);
}
