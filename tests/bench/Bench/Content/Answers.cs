using System.Text;

namespace Bench.Content;

/// <summary>The fixed bodies of requests and answers.</summary>
internal static class Answers
{
    public const string Boundary = "----bench7MA4YWxkTrZu0gW";

    /// <summary>What `GET /api/small` is answered with: as long as the voice service's health.</summary>
    public static ReadOnlyMemory<byte> Small { get; } = Encoding.ASCII.GetBytes(
        """{"status":"ok","service":"voice","features":{"stt":"sample","tts":"sample"},"models_loaded":true,"version":"1"}""");

    /// <summary>1 MB.</summary>
    public static ReadOnlyMemory<byte> Download { get; } = Pattern.Piece(1, 1_000_000);

    /// <summary>A recording of 1 MB as browsers send it.</summary>
    public static ReadOnlyMemory<byte> Upload { get; } = MakeUpload();

    private static byte[] MakeUpload()
    {
        var head = $"--{Boundary}\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"recording.webm\"\r\nContent-Type: audio/webm\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. Pattern.Piece(2, 1_000_000).Span, .. Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n")];
    }
}
