using System.Diagnostics;
using Bench.Content;

namespace Bench.Load;

/// <summary>Each connection sends 64 bytes and waits until exactly these have come back. A unit is a round trip.</summary>
internal static class EchoLoad
{
    private const int Size = 64;

    public static async Task<LoadResult> RunAsync(LoadOptions options)
    {
        var run = new LoadRun(options);
        var client = new TlsClient(options.Port, options.CertificatePath);
        return await run.RunAsync(async (index, tally) =>
        {
            await using var socket = await WebSocketClient.OpenAsync(client, "/ws/echo");
            tally.Ready();
            for (var number = index * 100_000L; !run.IsOver; number++)
            {
                var started = Stopwatch.GetTimestamp();
                var piece = Pattern.Piece(number, Size);
                await socket.SendAsync(Size, piece, static (to, text) => text.CopyTo(to));
                var frame = await socket.ReceiveAsync();
                if (frame.Opcode != Frame.Text || !frame.Payload.Span.SequenceEqual(piece.Span))
                {
                    throw new InvalidDataException($"message {number} came back changed");
                }

                tally.Done(started);
            }
        });
    }
}
