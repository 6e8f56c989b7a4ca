using System.Buffers.Binary;

namespace Gateway.Tests.Boundary;

/// <summary>Frames that cost the sender nothing.</summary>
internal static class Http2Attacks
{
    private const byte RequestFlags = Http2Adversary.EndHeaders | Http2Adversary.EndStream;

    public static readonly IReadOnlyList<string> Names =
    [
        "rapid reset",
        "made you reset by a window",
        "made you reset by an overflow",
        "made you reset by data",
        "made you reset by a dependency",
        "continuation",
        "empty continuation",
        "settings",
        "ping",
        "empty data",
        "window games",
        "window of nothing",
        "windows of a byte",
        "priority",
        "header bomb",
        "unknown frames",
    ];

    // One field that goes into the table (RFC 7541 section 6.2.1), and then a byte for each time that it is meant again.
    private static readonly byte[] Bomb = [0x40, .. Http2Adversary.Fields(("x", new string('a', 3000)))[1..], .. Enumerable.Repeat((byte)0xbe, 4000)];

    /// <summary>What is sent in a round; streams are odd numbers (RFC 9113 section 5.1.1).</summary>
    /// <param name="attack">One of the names.</param>
    /// <param name="round">From 0, on each connection.</param>
    /// <param name="path">What requests ask for.</param>
    public static byte[] Round(string attack, int round, string path)
    {
        var stream = (2 * round) + 1;
        return attack switch
        {
            "rapid reset" => [.. Open(stream, path), .. Http2Adversary.Frame(Http2Adversary.Reset, 0, stream, Number(8))],
            "made you reset by a window" => [.. Open(stream, path), .. Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, stream, Number(0))],
            "made you reset by an overflow" => [.. Open(stream, path), .. Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, stream, Number(int.MaxValue))],
            "made you reset by data" => [.. Open(stream, path), .. Http2Adversary.Frame(Http2Adversary.Data, 0, stream, [0])],
            "made you reset by a dependency" => [.. Open(stream, path), .. Http2Adversary.Frame(Http2Adversary.Priority, 0, stream, [.. Number(stream), 0])],
            "continuation" => Http2Adversary.Frame(round == 0 ? Http2Adversary.Headers : Http2Adversary.Continuation, 0, 1, Http2Adversary.Fields(("x", new string('a', 1000)))),
            "empty continuation" => Http2Adversary.Frame(round == 0 ? Http2Adversary.Headers : Http2Adversary.Continuation, 0, 1, []),
            "settings" => Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(round + 1)]),
            "ping" => Http2Adversary.Frame(Http2Adversary.Ping, 0, 0, new byte[8]),
            "empty data" => round == 0
                ? Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", path))
                : Http2Adversary.Frame(Http2Adversary.Data, 0, 1, []),
            "window games" => Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(round % 2 == 0 ? 0 : int.MaxValue)]),
            "window of nothing" => [.. round == 0 ? Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(0)]) : [], .. Open(stream, path)],
            "windows of a byte" => round == 0
                ? [.. Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(0)]), .. Open(1, path)]
                : Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, 1, Number(1)),
            "priority" => Http2Adversary.Frame(Http2Adversary.Priority, 0, stream, [.. Number(stream + 2), 0]),
            "header bomb" => Http2Adversary.Frame(Http2Adversary.Headers, RequestFlags, stream, [.. Http2Adversary.Request("GET", path), .. Bomb]),
            "unknown frames" => Http2Adversary.Frame(0xbe, 0, 0, new byte[1000]),
            _ => throw new ArgumentOutOfRangeException(nameof(attack)),
        };
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Open(int stream, string path) => Http2Adversary.Frame(Http2Adversary.Headers, RequestFlags, stream, Http2Adversary.Request("GET", path));
}
