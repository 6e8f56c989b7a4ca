using Bench.Rows;

namespace Bench.Report;

/// <summary>One line of the table.</summary>
/// <param name="Row">The row that gives it.</param>
/// <param name="Title">In English.</param>
/// <param name="ChineseTitle">The same.</param>
/// <param name="Unit">Of its values.</param>
/// <param name="Value">Less is better.</param>
/// <param name="Goal">For the gateway.</param>
internal sealed record Figure(string Row, string Title, string ChineseTitle, string Unit, Func<Measurement, double?> Value, Goal? Goal)
{
    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("calls", "100 video calls, CPU per message", "100 路视频通话，每条消息的 CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.1)),
        new("calls", "100 video calls, p99 of a message", "100 路视频通话，消息延迟 p99", "ms", m => m.P99, new(GoalKind.Added, 2)),
        new("echo", "64-byte WebSocket echo, CPU per round trip", "64 字节 WebSocket 回显，每次往返的 CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.4)),
        new("http1", "small GET, HTTP/1.1, CPU", "小 GET 请求，HTTP/1.1，CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.6)),
        new("http2", "small GET, HTTP/2, CPU", "小 GET 请求，HTTP/2，CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 2.0)),
        new("upload", "1 MB multipart upload, CPU", "1 MB multipart 上传，CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.3)),
        new("download", "1 MB download, CPU", "1 MB 下载，CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.1)),
        new("connect", "new TLS connection with one request, CPU", "新建 TLS 连接加一个请求，CPU", "µs", m => m.ProcessorMicroseconds, new(GoalKind.Ratio, 1.2)),
        new("resume", "the same, TLS session resumed, CPU", "同上，恢复 TLS 会话，CPU", "µs", m => m.ProcessorMicroseconds, null),
        new("idle", "idle wss connection, memory", "空闲 wss 连接，内存", "KB", m => m.ConnectionKilobytes, new(GoalKind.Value, 30)),
        new("start", "start to first answer over TLS", "从启动到首个 TLS 应答", "ms", m => m.StartMilliseconds, new(GoalKind.Value, 300)),
        new("start", "memory after start", "启动后的内存", "MB", m => m.MemoryMegabytes, new(GoalKind.Value, 45)),
    ];
}
