namespace Gateway.Configuration;

internal enum AccessLogFormat { Combined, Json }

/// <summary><c>Gateway:AccessLog</c>: a file with one line a request, instead of a record in the log.</summary>
/// <param name="Path">The file; former ones have <c>.1</c>, <c>.2</c> and so on behind the name.</param>
internal sealed record AccessLogOptions(string Path)
{
    public AccessLogFormat Format { get; init; } = AccessLogFormat.Combined;

    /// <summary>Bytes from which on a new file is begun; 0 means that size is no reason.</summary>
    public long MaxSize { get; init; } = 100 * 1024 * 1024;

    /// <summary>Age from which on a new file is begun; null means that age is no reason.</summary>
    public TimeSpan? MaxAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How many former files are kept.</summary>
    public int Keep { get; init; } = 14;
}
