using System.Globalization;
using Gateway.Configuration;
using Gateway.Observability;
using Gateway.Platform;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;

namespace Gateway.Hosting;

/// <summary>Serilog as the file's <c>Serilog</c> section says; without sinks there, readable lines in dev and compact JSON in run.</summary>
internal static class Logging
{
    private const string ReadableLine = "{Timestamp:HH:mm:ss} {Level:u3} {Message:l}{NewLine}{Exception}";

    // A failed start is explained by BindFailure, the SDK's own development certificate is never served, and YARP's keys for the cookies
    // of session affinity lie in a folder that is the user's alone. Kestrel would write a line for each frame of a flood that it throws out;
    // ServerEndings counts them.
    private static readonly string[] SaidElsewhere =
    [
        "HostedServiceStartupFaulted",
        "DeveloperCertificateNotTrusted",
        "NoXMLEncryptorConfiguredKeyMayBePersistedToStorageInUnencryptedForm",
        "Http2QueueOperationsExceeded",
    ];

    // Below what the file says. Serilog follows the levels of keys that exist when it starts, so the usual ones always do.
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Serilog:MinimumLevel:Default"] = "Information",
        ["Serilog:MinimumLevel:Override:Microsoft"] = "Warning",
        ["Serilog:MinimumLevel:Override:System"] = "Warning",
        ["Serilog:MinimumLevel:Override:Yarp"] = "Warning",
        // ErrorResponses says it once, in plain words, with the request id.
        ["Serilog:MinimumLevel:Override:Yarp.ReverseProxy.Forwarder.HttpForwarder"] = "Fatal",
        // ASP.NET Core would write a line for each 401; FailedAttempts writes one a minute.
        ["Serilog:MinimumLevel:Override:Gateway.Boundary.Access.AccessHandler"] = "Warning",
    };

    private static readonly string[] Wishes = ["Serilog:Enrich", "Serilog:Filter", "Serilog:AuditTo", "Serilog:Properties", "Serilog:Destructure"];

    /// <summary>The whole configuration, with the default log levels where it has none.</summary>
    public static IConfigurationRoot WithDefaults(ReloadableValues values) =>
        new ConfigurationBuilder().AddInMemoryCollection(Defaults).Add(values).Build();

    /// <summary>Serilog, with a way past it for the access log where the file has no wishes about the form or the place of lines.</summary>
    /// <param name="services">For everybody who logs.</param>
    /// <param name="configuration">From <see cref="WithDefaults"/>: levels follow its reloads, sinks do not.</param>
    /// <param name="mode">Decides the sink when the file names none.</param>
    /// <param name="problems">Hears of warnings and errors, wherever the log goes.</param>
    public static void Add(IServiceCollection services, IConfiguration configuration, HostMode mode, RecentProblems problems)
    {
        var output = mode == HostMode.Run && !IsSinkNamed(configuration) ? new StandardOutput(Console.OpenStandardOutput(), TimeProvider.System) : null;
        EventLoop.IsShared |= output is not null;
        var logger = Create(configuration, output, problems);
        services.AddSerilog(logger, dispose: true);
        if (output is not null && !Wishes.Any(wish => configuration.GetSection(wish).Exists()))
        {
            services.AddSingleton<ILoggerFactory>(_ => new UnscopedLogger.Factory(new SerilogLoggerFactory(logger, dispose: true)));
            services.AddSingleton<IRequestLog>(provider =>
            {
                var logger = provider.GetRequiredService<ILogger<AccessLog>>();
                // Who has put another factory in its place wants to hear everything.
                return provider.GetRequiredService<ILoggerFactory>() is UnscopedLogger.Factory ? new RequestLines(logger, output) : new LoggedRequests(logger);
            });
        }
    }

    private static Logger Create(IConfiguration configuration, StandardOutput? output, RecentProblems problems)
    {
        var options = new ConfigurationReaderOptions(
            typeof(ConsoleLoggerConfigurationExtensions).Assembly,
            typeof(FileLoggerConfigurationExtensions).Assembly,
            typeof(CompactJsonFormatter).Assembly)
        {
            FormatProvider = CultureInfo.InvariantCulture,
        };
        var logger = new LoggerConfiguration()
            .Filter.ByExcluding(IsSaidElsewhere)
            // AccessLog says it without the query, where keys may stand. While it listens, each request costs an activity and a scope.
            .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)
            .Enrich.FromLogContext()
            .ReadFrom.Configuration(configuration, options)
            .WriteTo.Sink(problems, LogEventLevel.Warning);

        if (output is not null)
        {
            logger.WriteTo.Sink(output);
        }
        else if (!IsSinkNamed(configuration))
        {
            logger.WriteTo.Console(outputTemplate: ReadableLine, formatProvider: CultureInfo.InvariantCulture);
        }

        return logger.CreateLogger();
    }

    private static bool IsSinkNamed(IConfiguration configuration) => configuration.GetSection("Serilog:WriteTo").Exists();

    private static bool IsSaidElsewhere(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue("EventId", out var id)
        && id is StructureValue { Properties: var properties }
        && properties.Any(p => p is { Name: "Name", Value: ScalarValue { Value: string name } } && SaidElsewhere.Contains(name));
}
