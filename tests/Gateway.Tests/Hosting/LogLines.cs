using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Hosting;

/// <summary>What was logged, as events with their properties.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyCollection<LogLine> All => _lines;

    /// <summary>Waits for a line, since a record is written after its response was sent.</summary>
    /// <exception cref="TimeoutException">It has not come within a minute.</exception>
    public async Task<LogLine> WaitForAsync(Func<LogLine, bool> matches, CancellationToken cancellationToken)
    {
        for (var deadline = Environment.TickCount64 + 60_000; Environment.TickCount64 < deadline;)
        {
            if (_lines.FirstOrDefault(matches) is { } found)
            {
                return found;
            }

            await Task.Delay(20, cancellationToken);
        }

        throw new TimeoutException($"No such line within a minute, only these:\n{string.Join('\n', _lines.TakeLast(50).Select(l => l.Message))}");
    }

    /// <summary>Takes the place of Serilog, which would write to the console; with the levels that Logging sets.</summary>
    public void Capture(IServiceCollection services)
    {
        services.AddSingleton<ILoggerFactory>(_ => LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Yarp", LogLevel.Warning)
            .AddProvider(this)));
    }

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Category(string name, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var properties = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
            lines.Enqueue(new LogLine(name, logLevel, formatter(state, exception), properties.ToDictionary(p => p.Key, p => p.Value), exception));
        }
    }
}

internal sealed record LogLine(string Category, LogLevel Level, string Message, IReadOnlyDictionary<string, object?> Properties, Exception? Exception);
