using System.Diagnostics;
using System.Threading.Channels;
using Bench.Content;

namespace Bench.Load;

/// <summary>Video calls: each sends two frames of 150 KB and four audio messages of 11 KB a second, and the service acknowledges each after it
/// has checked content and order. A unit is a message; its time runs to the acknowledgement.</summary>
internal static class CallsLoad
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1) / 6;

    public static async Task<LoadResult> RunAsync(LoadOptions options)
    {
        var run = new LoadRun(options);
        var client = new TlsClient(options.Port, options.CertificatePath);
        var start = Stopwatch.GetTimestamp();
        return await run.RunAsync(async (index, tally) =>
        {
            // Calls begin one after the other over a second, so that their frames do not come all at once.
            var due = TimeSpan.FromSeconds((double)index / options.Connections) + Period;
            await Task.Delay(due);
            await using var socket = await WebSocketClient.OpenAsync(client, "/ws/call");
            tally.Ready();
            due = Stopwatch.GetElapsedTime(start) + Period;
            var sent = Channel.CreateUnbounded<long>();
            var answers = Task.Run(() => TakeAnswersAsync(socket, sent.Reader, tally));
            for (var number = 0L; !run.IsOver && !answers.IsCompleted; number++, due += Period)
            {
                var wait = due - Stopwatch.GetElapsedTime(start);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait);
                }

                // Behind schedule the time counts from when the message was due: a proxy that does not take it makes it late.
                var now = Stopwatch.GetTimestamp();
                sent.Writer.TryWrite(wait > TimeSpan.Zero ? now : start + Ticks(due));
                await socket.SendAsync(CallMessage.Length(number), number, static (to, n) => CallMessage.Write(n, to.Span));
            }

            sent.Writer.Complete();
            await answers;
        });
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private static async Task TakeAnswersAsync(WebSocketClient socket, ChannelReader<long> sent, LoadRun.Tally tally)
    {
        var number = 0L;
        await foreach (var started in sent.ReadAllAsync())
        {
            var frame = await socket.ReceiveAsync();
            if (frame.Opcode != Frame.Text || !CallMessage.IsAnswer(frame.Payload.Span, number))
            {
                throw new InvalidDataException($"message {number} was not acknowledged");
            }

            tally.Done(started);
            number++;
        }
    }
}
