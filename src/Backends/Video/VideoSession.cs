using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text.Json;
using Backends.Voice;

namespace Backends.Video;

/// <summary>One call: reads frames and sound, and answers each time that speech ends.</summary>
internal sealed class VideoSession(string id, MessageSocket socket, AnswerVoice voice, TimeProvider time, bool chinese)
{
    private const int SamplesPerDelta = AnswerVoice.SampleRate / 5;

    /// <summary>A client that sends nothing for so long is gone.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    // Speech that goes on gets an answer all the same.
    private readonly SpeechActivity _activity = new(longest: TimeSpan.FromSeconds(6));
    private long _frames;
    private JpegHeader _lastFrame;
    private int _lastFrameBytes;

    /// <summary>Until the client leaves, or the service stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            var greeting = chinese ? "已连接：请对着摄像头说话。" : "Connected: speak, and let me see you.";
            await socket.SendAsync(new { type = "ready", session_id = id, message = greeting }, stopping);
            while (await socket.ReceiveAsync().WaitAsync(LongestSilence, time, stopping) is { } message)
            {
                if (!await HandleAsync(message, stopping))
                {
                    break;
                }
            }
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "goodbye");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "the service is stopping");
        }
        catch (InvalidDataException tooLong)
        {
            await socket.CloseAsync(WebSocketCloseStatus.MessageTooBig, tooLong.Message);
        }
        catch (TimeoutException)
        {
            await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "nothing came for an hour");
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException)
        {
            // The connection broke, or the client took nothing for too long; there is no one left to tell.
        }
    }

    private async Task<bool> HandleAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        string? problem;
        try
        {
            using var json = JsonDocument.Parse(message);
            var type = Text(json.RootElement, "type");
            if (type == "close")
            {
                return false;
            }
            problem = type switch
            {
                "video" => See(json.RootElement),
                "audio" => await HearAsync(json.RootElement, cancellationToken),
                null => "a message must be an object with a text \"type\"",
                _ => $"unknown type '{type[..Math.Min(type.Length, 40)]}'; known are video, audio and close",
            };
        }
        catch (JsonException)
        {
            problem = "a message must be JSON";
        }
        if (problem is not null)
        {
            await socket.SendAsync(new { type = "error", message = problem }, cancellationToken);
        }
        return true;
    }

    private string? See(JsonElement message)
    {
        if (Bytes(message) is not { } jpeg)
        {
            return "video: \"data\" must be a JPEG picture in base64";
        }
        if (JpegHeader.Read(jpeg, out var header) is { } broken)
        {
            return $"video: the picture of {jpeg.Length} bytes is broken: {broken}";
        }
        (_frames, _lastFrame, _lastFrameBytes) = (_frames + 1, header, jpeg.Length);
        return null;
    }

    private async Task<string?> HearAsync(JsonElement message, CancellationToken cancellationToken)
    {
        if (Bytes(message) is not { } pcm || pcm.Length % sizeof(short) != 0)
        {
            return "audio: \"data\" must be 16-bit mono PCM of 16 kHz in base64, an even number of bytes";
        }
        var samples = new short[pcm.Length / sizeof(short)];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(pcm.AsSpan(i * sizeof(short)));
        }
        foreach (var change in _activity.Add(samples))
        {
            if (change.Change == SpeechChange.Started)
            {
                await socket.SendAsync(new { type = "speech.started" }, cancellationToken);
            }
            else
            {
                await AnswerAsync(new VideoAnswer(change.Length, _frames, _lastFrame, _lastFrameBytes, chinese), cancellationToken);
            }
        }
        return null;
    }

    private async Task AnswerAsync(VideoAnswer answer, CancellationToken cancellationToken)
    {
        await socket.SendAsync(new { type = "transcript", text = answer.Transcript }, cancellationToken);
        foreach (var sentence in answer.Sentences)
        {
            await socket.SendAsync(new { type = "text.delta", text = sentence }, cancellationToken);
        }
        // A word deserves a spoken answer. Noises can come faster than an answer can be spoken.
        var samples = answer.IsSpeech
            ? await voice.SpeakAsync(string.Concat(answer.Sentences), answer.Voice, cancellationToken)
            : AnswerVoice.Chime();
        foreach (var piece in samples.Chunk(SamplesPerDelta))
        {
            var pcm = new byte[piece.Length * sizeof(short)];
            for (var i = 0; i < piece.Length; i++)
            {
                BinaryPrimitives.WriteInt16LittleEndian(pcm.AsSpan(i * sizeof(short)), piece[i]);
            }
            await socket.SendAsync(new { type = "audio.delta", audio = Convert.ToBase64String(pcm) }, cancellationToken);
        }
        await socket.SendAsync(new { type = "response.done" }, cancellationToken);
    }

    private static string? Text(JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static byte[]? Bytes(JsonElement message) =>
        message.TryGetProperty("data", out var value) && value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : null;
}
