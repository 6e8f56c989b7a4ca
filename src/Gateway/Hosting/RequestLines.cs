using System.Buffers;
using System.Runtime.CompilerServices;
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

    // A power of two.
    private const int Remembered = 64;

    // The words about where a request went are the same for many. Another's may lie in its place: then they are made anew.
    private readonly Way?[] _ways = new Way?[Remembered];

    private static ReadOnlySpan<byte> End => "\",\"SourceContext\":\"Gateway.Observability.AccessLog\"}\n"u8;

    public void Write(in AccessRecord record)
    {
        if (!levels.IsEnabled(LogLevel.Information))
        {
            return;
        }

        var way = WayOf(record);
        var texts = (record.Client?.Length ?? 0) + record.Method.Length + record.Host.Length + record.Path.Length + record.RequestId.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(Fixed + way.Words.Length + way.Properties.Length + (2 * JsonText.MostBytes(texts)));
        try
        {
            var line = new JsonText(buffer);
            Write(ref line, record, way);
            output.Add(line.Written);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Way WayOf(in AccessRecord record)
    {
        ref var way = ref _ways[(RuntimeHelpers.GetHashCode(record.Destination) + RuntimeHelpers.GetHashCode(record.Route) + record.Protocol.Length) & (Remembered - 1)];
        return way is { } known && known.IsOf(record) ? known : way = new Way(record);
    }

    private static void Write(ref JsonText line, in AccessRecord record, Way way)
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
        line.Raw(way.Words);
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
        line.Raw(way.Properties);
        line.Again(requestId);
        line.Raw(End);
    }

    /// <summary>The parts of a line that say where a request went.</summary>
    private sealed class Way
    {
        private readonly string? _route;
        private readonly string? _destination;
        private readonly string _protocol;

        public Way(in AccessRecord record)
        {
            (_route, _destination, _protocol) = (record.Route, record.Destination, record.Protocol);
            var (route, destination) = (_route ?? AccessRecord.None, _destination ?? AccessRecord.None);
            var line = new JsonText(new byte[Fixed + (2 * JsonText.MostBytes(route.Length + destination.Length + _protocol.Length))]);
            line.Raw(" ms "u8);
            var routeAt = line.Text(route);
            line.Raw(" "u8);
            var destinationAt = line.Text(destination);
            line.Raw(" "u8);
            var protocolAt = line.Text(_protocol);
            line.Raw(" "u8);
            Words = line.Written.ToArray();

            line.Raw(",\"Route\":\""u8);
            line.Again(routeAt);
            line.Raw("\",\"Destination\":\""u8);
            line.Again(destinationAt);
            line.Raw("\",\"Protocol\":\""u8);
            line.Again(protocolAt);
            line.Raw("\",\"RequestId\":\""u8);
            Properties = line.Written[Words.Length..].ToArray();
        }

        /// <summary>Between the duration and the request's id.</summary>
        public byte[] Words { get; }

        /// <summary>The same as properties.</summary>
        public byte[] Properties { get; }

        // They come from the configuration and the server, and are the same objects for all requests.
        public bool IsOf(in AccessRecord record) =>
            ReferenceEquals(_route, record.Route) && ReferenceEquals(_destination, record.Destination) && ReferenceEquals(_protocol, record.Protocol);
    }
}
