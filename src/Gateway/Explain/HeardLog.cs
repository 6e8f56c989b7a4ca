namespace Gateway.Explain;

/// <summary>What the gateway would have logged as a warning, and what its server has against a request.</summary>
internal sealed class HeardLog : ILoggerFactory, ILogger
{
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    private readonly Lock _lock = new();
    private readonly List<string> _warnings = [];
    private readonly HeardBadRequests _badRequests = new();

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_lock)
            {
                return [.. _warnings];
            }
        }
    }

    /// <summary>Why the server has refused a request before the pipeline; null when it has not.</summary>
    public string? BadRequest => _badRequests.Reason;

    public ILogger CreateLogger(string categoryName) =>
        categoryName == BadRequests ? _badRequests : categoryName.StartsWith("Gateway.", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_lock)
            {
                _warnings.Add(formatter(state, exception) + (exception is null ? "" : ": " + exception.Message));
            }
        }
    }

    public void Dispose()
    {
    }

    private sealed class HeardBadRequests : ILogger
    {
        public string? Reason { get; private set; }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Reason ??= exception?.Message;
    }
}
