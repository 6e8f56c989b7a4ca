using System.Buffers;
using Gateway.Observability;

namespace Gateway.Hosting;

/// <summary>
/// Writes the records of requests straight to standard output, in the form of <see cref="CompactJsonLine"/>. By way of a logger
/// its values are boxed and its text is formatted twice, which small requests notice.
/// </summary>
/// <param name="levels">Whether records are wanted.</param>
/// <param name="output">Standard output.</param>
internal sealed class RequestLines(ILogger<AccessLog> levels, StandardOutput output) : IRequestLog
{
    // Bytes of names, punctuation, time and numbers; a line has 370 of them at most.
    private const int Fixed = 512;

    private static ReadOnlySpan<byte> End => "\",\"SourceContext\":\"Gateway.Observability.AccessLog\"}\n"u8;

    public void Write(in AccessRecord record)
    {
        if (!levels.IsEnabled(LogLevel.Information))
        {
            return;
        }

        var texts = (record.Client?.Length ?? 0) + record.Method.Length + record.Host.Length + record.Path.Length + (record.Route?.Length ?? 0)
            + (record.Destination?.Length ?? 0) + record.Protocol.Length + record.RequestId.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(Fixed + (2 * JsonText.MostBytes(texts)));
        try
        {
            var line = new JsonText(buffer);
            Write(ref line, record);
            output.Add(line.Written);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Write(ref JsonText line, in AccessRecord record)
    {
        line.Raw("{\"@t\":\""u8);
        line.Time(record.Time);
        line.Raw("\",\"@m\":\""u8);
        var client = line.Text(record.Client ?? AccessRecord.None);
        line.Raw(" "u8);
        var method = line.Text(record.Method);
        line.Raw(" "u8);
        var host = line.Text(record.Host);
        var path = line.Text(record.Path);
        line.Raw(" "u8);
        var status = line.Number(record.Status);
        line.Raw(" "u8);
        var bytes = line.Number(record.Bytes);
        line.Raw(" B "u8);
        var duration = line.Milliseconds(record.Duration);
        line.Raw(" ms "u8);
        var route = line.Text(record.Route ?? AccessRecord.None);
        line.Raw(" "u8);
        var destination = line.Text(record.Destination ?? AccessRecord.None);
        line.Raw(" "u8);
        var protocol = line.Text(record.Protocol);
        line.Raw(" "u8);
        var requestId = line.Text(record.RequestId);

        line.Raw("\",\"Client\":\""u8);
        line.Again(client);
        line.Raw("\",\"Method\":\""u8);
        line.Again(method);
        line.Raw("\",\"Host\":\""u8);
        line.Again(host);
        line.Raw("\",\"Path\":\""u8);
        line.Again(path);
        line.Raw("\",\"StatusCode\":"u8);
        line.Again(status);
        line.Raw(",\"Bytes\":"u8);
        line.Again(bytes);
        line.Raw(",\"Duration\":"u8);
        line.Again(duration);
        line.Raw(",\"Route\":\""u8);
        line.Again(route);
        line.Raw("\",\"Destination\":\""u8);
        line.Again(destination);
        line.Raw("\",\"Protocol\":\""u8);
        line.Again(protocol);
        line.Raw("\",\"RequestId\":\""u8);
        line.Again(requestId);
        line.Raw(End);
    }
}
