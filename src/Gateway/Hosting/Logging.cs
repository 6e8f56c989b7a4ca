using System.Globalization;
using Gateway.Configuration;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;

namespace Gateway.Hosting;

/// <summary>Serilog as the file's <c>Serilog</c> section says; without sinks there, readable lines in dev and compact JSON in run.</summary>
internal static class Logging
{
    private const string ReadableLine = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static Logger Create(GatewayConfiguration configuration, HostMode mode)
    {
        var options = new ConfigurationReaderOptions(
            typeof(ConsoleLoggerConfigurationExtensions).Assembly,
            typeof(FileLoggerConfigurationExtensions).Assembly,
            typeof(CompactJsonFormatter).Assembly)
        {
            FormatProvider = CultureInfo.InvariantCulture,
        };
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .MinimumLevel.Override("Yarp", LogEventLevel.Warning)
            // ErrorResponses says it once, in plain words, with the request id.
            .MinimumLevel.Override("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogEventLevel.Fatal)
            .Enrich.FromLogContext()
            .ReadFrom.Configuration(configuration.Root, options);

        if (!configuration.Root.GetSection("Serilog:WriteTo").Exists())
        {
            _ = mode == HostMode.Dev
                ? logger.WriteTo.Console(outputTemplate: ReadableLine, formatProvider: CultureInfo.InvariantCulture)
                : logger.WriteTo.Console(new RenderedCompactJsonFormatter());
        }

        return logger.CreateLogger();
    }
}
