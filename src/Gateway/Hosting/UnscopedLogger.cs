namespace Gateway.Hosting;

/// <summary>
/// Kestrel's logger, without a scope for each connection. Its lines and the gateway's name the connection or the request themselves; for the
/// scope every step of every connection would have an execution context to restore, and an idle call 200 bytes to keep.
/// </summary>
internal sealed class UnscopedLogger(ILogger logger) : ILogger
{
    private const string Category = "Microsoft.AspNetCore.Server.Kestrel";

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        logger.Log(logLevel, eventId, state, exception, formatter);

    /// <summary>Gives Kestrel such a logger.</summary>
    /// <param name="all">Everybody's loggers.</param>
    public sealed class Factory(ILoggerFactory all) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName)
        {
            var logger = all.CreateLogger(categoryName);
            return categoryName == Category ? new UnscopedLogger(logger) : logger;
        }

        public void AddProvider(ILoggerProvider provider) => all.AddProvider(provider);

        public void Dispose() => all.Dispose();
    }
}
