using System.Net.Sockets;
using Bench.Content;

namespace Bench.Service;

/// <summary>The service's end of a WebSocket: sends back what came, or checks a call's messages and acknowledges each.</summary>
internal sealed class ServiceWebSocket(Socket socket, ReadOnlyMemory<byte> alreadyRead)
{
    public async Task RunAsync(bool isCall)
    {
        await using var stream = new NetworkStream(socket);
        var reader = new FrameReader(stream, isCall ? 2 * CallMessage.VideoLength : 512);
        reader.Prepend(alreadyRead.Span);
        var answer = new byte[512];
        for (var number = 0L; await reader.ReadAsync() is { Opcode: Frame.Text } frame; number++)
        {
            int length;
            if (!isCall)
            {
                length = Frame.WriteHeader(answer, frame.Payload.Length, mask: null);
                frame.Payload.Span.CopyTo(answer.AsSpan(length));
                length += frame.Payload.Length;
            }
            else if (CallMessage.IsRight(frame.Payload.Span, number))
            {
                var body = CallMessage.WriteAnswer(number, answer.AsSpan(Frame.MaxHeader));
                length = Frame.WriteHeader(answer, body, mask: null);
                answer.AsSpan(Frame.MaxHeader, body).CopyTo(answer.AsSpan(length));
                length += body;
            }
            else
            {
                // The client counts a connection that ends as an error.
                Console.Error.WriteLine($"message {number} of a call is wrong");
                return;
            }

            await stream.WriteAsync(answer.AsMemory(0, length));
        }
    }
}
