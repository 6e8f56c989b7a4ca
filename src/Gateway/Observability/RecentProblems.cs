using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace Gateway.Observability;

/// <summary>The last warnings and errors of the log, so that a person need not go and look for it. The same again is counted: a service that
/// is down must not push out everything else.</summary>
internal sealed class RecentProblems : ILogEventSink
{
    private const int Kept = 50;

    private readonly List<Problem> _problems = [];
    private readonly Lock _lock = new();

    /// <summary>The last one first.</summary>
    public IReadOnlyList<Problem> All
    {
        get
        {
            lock (_lock)
            {
                return [.. Enumerable.Reverse(_problems)];
            }
        }
    }

    public void Emit(LogEvent logEvent)
    {
        if (logEvent.Level < LogEventLevel.Warning)
        {
            return;
        }

        var problem = new Problem(
            logEvent.Timestamp,
            logEvent.Level >= LogEventLevel.Error,
            Text(logEvent),
            Value(logEvent, "Service") is { } service && Value(logEvent, "Reason") is { } reason && Value(logEvent, "StatusCode") is { } status
                ? new ProblemOfService(service, reason, status, Value(logEvent, "Method") ?? "", Value(logEvent, "Path") ?? "")
                : null,
            Times: 1);
        lock (_lock)
        {
            if (_problems.FindIndex(problem.IsLike) is >= 0 and var same)
            {
                problem = problem with { Times = _problems[same].Times + 1 };
                _problems.RemoveAt(same);
            }
            else if (_problems.Count == Kept)
            {
                _problems.RemoveAt(0);
            }

            _problems.Add(problem);
        }
    }

    private static string Text(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        // As the console has it: texts without quotation marks.
        foreach (var token in logEvent.MessageTemplate.Tokens)
        {
            if (token is Serilog.Parsing.PropertyToken property && Value(logEvent, property.PropertyName) is { } value)
            {
                text.Write(value);
            }
            else
            {
                token.Render(logEvent.Properties, text, CultureInfo.InvariantCulture);
            }
        }

        if (logEvent.Exception is { } exception)
        {
            text.Write(": ");
            text.Write(exception.GetBaseException().Message);
        }

        return text.ToString();
    }

    private static string? Value(LogEvent logEvent, string name) =>
        logEvent.Properties.TryGetValue(name, out var value) && value is ScalarValue { Value: string text } ? text
        : value is ScalarValue { Value: int number } ? number.ToString(CultureInfo.InvariantCulture)
        : value is ScalarValue { Value: PathString path } ? path.Value
        : null;
}

/// <summary>A line of the log.</summary>
/// <param name="At">When it was written last.</param>
/// <param name="Text">As it stood there last.</param>
/// <param name="Service">What it says about a service that failed; null when it is about something else.</param>
/// <param name="Times">How often it was written.</param>
internal sealed record Problem(DateTimeOffset At, bool IsError, string Text, ProblemOfService? Service, long Times)
{
    /// <summary>Whether the two are the same but for the time and the request.</summary>
    public bool IsLike(Problem other) => Service is { } service
        ? other.Service is { } its && its.Service == service.Service && its.Reason == service.Reason
        : other.Text == Text;
}

/// <summary>A request that a service did not answer.</summary>
internal sealed record ProblemOfService(string Service, string Reason, string Status, string Method, string Path);
