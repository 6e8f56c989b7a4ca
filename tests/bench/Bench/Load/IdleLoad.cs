using Bench.Content;

namespace Bench.Load;

/// <summary>Opens WebSockets, sends one message over each and leaves them silent for the steady phase; then each must still echo.</summary>
internal static class IdleLoad
{
    // More at once would measure the queue for handshakes.
    private const int Openers = 16;

    public static async Task<LoadResult> RunAsync(LoadOptions options)
    {
        var run = new LoadRun(options);
        var client = new TlsClient(options.Port, options.CertificatePath);
        var sockets = new WebSocketClient[options.Connections];
        try
        {
            await ForAllAsync(async i =>
            {
                sockets[i] = await WebSocketClient.OpenAsync(client, "/ws/echo");
                await EchoAsync(sockets[i], i);
            });
            await Task.Delay(options.Warmup);
            Console.WriteLine("steady");
            await Task.Delay(options.Steady);
            Console.WriteLine("over");
            await ForAllAsync(i => EchoAsync(sockets[i], i + 1));
        }
        catch (Exception e)
        {
            run.Fail($"{e.GetType().Name}: {e.Message}");
        }

        return run.Result(options.Connections);

        Task ForAllAsync(Func<int, Task> work) =>
            Parallel.ForAsync(0, sockets.Length, new ParallelOptions { MaxDegreeOfParallelism = Openers }, async (i, _) => await work(i));
    }

    private static async Task EchoAsync(WebSocketClient socket, int number)
    {
        var piece = Pattern.Piece(number, 64);
        await socket.SendAsync(64, piece, static (to, text) => text.CopyTo(to));
        var frame = await socket.ReceiveAsync();
        if (frame.Opcode != Frame.Text || !frame.Payload.Span.SequenceEqual(piece.Span))
        {
            throw new InvalidDataException("a message came back changed");
        }
    }
}
