using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.EndToEnd.Proxying;

/// <summary>A multipart form with one large file, made up as it is sent.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int ChunkSize = 64 * 1024;

    // Long enough that a busy machine is not taken for one that holds back.
    private static readonly TimeSpan HeldBack = TimeSpan.FromSeconds(3);

    private static readonly byte[] Head = Encoding.ASCII.GetBytes(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\nContent-Type: audio/wav\r\n\r\n");

    private static readonly byte[] Tail = "\r\n--x--\r\n"u8.ToArray();

    private readonly long _size;
    private readonly bool _lengthKnown;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _sent;

    public UploadContent(long size, bool lengthKnown)
    {
        (_size, _lengthKnown) = (size, lengthKnown);
        Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
    }

    /// <summary>Of the whole body, in hexadecimal, once it was sent.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>Bytes that the client got rid of so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Waits until nothing was taken from the client for 3 s.</summary>
    public async Task WaitUntilHeldBackAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(HeldBack);
        for (long before = -1; before < Sent || Sent == 0;)
        {
            before = Sent;
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Head.Length + _size + Tail.Length;
        return _lengthKnown;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await SendAsync(stream, Head, cancellationToken);
        var chunk = RandomNumberGenerator.GetBytes(ChunkSize);
        for (var left = _size; left > 0; left -= chunk.Length)
        {
            // No two chunks are the same, so that a lost or doubled one shows.
            BitConverter.TryWriteBytes(chunk, left);
            await SendAsync(stream, chunk.AsMemory(0, (int)Math.Min(left, chunk.Length)), cancellationToken);
        }

        await SendAsync(stream, Tail, cancellationToken);
        Hash = Convert.ToHexString(_hash.GetHashAndReset());
    }

    private async Task SendAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        _hash.AppendData(bytes.Span);
        Interlocked.Add(ref _sent, bytes.Length);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
