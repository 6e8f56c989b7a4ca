namespace Bench.Rows;

/// <summary>The rows in the order in which they run.</summary>
internal static class AllRows
{
    public static IReadOnlyList<IRow> List { get; } =
    [
        new LoadRow("calls", connections: 100, quickConnections: 10),
        new LoadRow("echo", connections: 50, quickConnections: 10),
        new WrkRow(),
        new H2loadRow(),
        new LoadRow("upload", connections: 8, quickConnections: 4),
        new LoadRow("download", connections: 8, quickConnections: 4),
        new LoadRow("connect", connections: 16, quickConnections: 4),
        new LoadRow("resume", connections: 16, quickConnections: 4),
        new IdleRow(),
        new StartRow(),
    ];

    /// <summary>Rows of many small units, after which compiled code takes long to settle.</summary>
    public static bool SettlesSlowly(IRow row) => row.Name is "echo" or "http1" or "http2";
}
