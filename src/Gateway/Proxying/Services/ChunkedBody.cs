using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Gateway.Proxying.Services;

/// <summary>A body in chunks (RFC 9112 section 7.1), with the trailers that follow it.</summary>
/// <param name="connection">Where it comes from.</param>
/// <param name="message">Takes the trailers; null for one that is made if there are any.</param>
internal sealed class ChunkedBody(Http11Connection connection, HttpResponseMessage? message) : AnswerBody(connection)
{
    private const int MaxLine = 16 * 1024;
    private const int MaxTrailers = 64 * 1024;

    private HttpResponseMessage? _message = message;
    private long _left;
    private bool _isBegun;

    /// <summary>Complete when all of it has been read; null where there are none.</summary>
    public override HttpResponseHeaders? Trailers => _message?.TrailingHeaders;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsEnded)
        {
            return 0;
        }

        if (_left == 0)
        {
            _left = await NextChunkAsync(cancellationToken);
            if (_left == 0)
            {
                await ReadTrailersAsync(cancellationToken);
                End();
                return 0;
            }
        }

        var read = await Bytes.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0 && !buffer.IsEmpty)
        {
            throw BrokenOff();
        }

        _left -= read;
        return read;
    }

    private async ValueTask<long> NextChunkAsync(CancellationToken cancellationToken)
    {
        if (_isBegun && !(await ReadLineAsync(MaxLine, cancellationToken)).IsEmpty)
        {
            throw AnswerHead.Invalid("has a chunk that is longer than it says");
        }

        _isBegun = true;
        return SizeIn((await ReadLineAsync(MaxLine, cancellationToken)).Span);
    }

    private async ValueTask ReadTrailersAsync(CancellationToken cancellationToken)
    {
        var all = 0;
        while (await ReadLineAsync(MaxTrailers, cancellationToken) is { Length: > 0 } line)
        {
            all += line.Length;
            if (all > MaxTrailers)
            {
                throw AnswerHead.Invalid($"has more than {MaxTrailers} bytes of trailers");
            }

            if (AnswerHead.Trailer(line.Span) is var (name, value))
            {
                (_message ??= new HttpResponseMessage()).TrailingHeaders.TryAddWithoutValidation(name, value);
            }
        }
    }

    // Without its end. It lies in the buffer, until more comes into it.
    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(int limit, CancellationToken cancellationToken)
    {
        int length;
        while ((length = Bytes.Buffered.Span.IndexOf((byte)'\n')) < 0)
        {
            if (Bytes.Buffered.Length > limit)
            {
                throw AnswerHead.Invalid("has a line without an end among its chunks");
            }

            if (!await Bytes.FillAsync(cancellationToken))
            {
                throw BrokenOff();
            }
        }

        var line = Bytes.Buffered[..length];
        Bytes.Skip(length + 1);
        return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
    }

    /// <summary>The size that begins a chunk. What follows a semicolon is an extension, which a proxy leaves out (section 7.1.1).</summary>
    /// <exception cref="HttpRequestException">There is none.</exception>
    public static long SizeIn(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOf((byte)';');
        var digits = (end < 0 ? line : line[..end]).TrimEnd(" \t"u8);
        return digits.Length is > 0 and < 16 && long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw AnswerHead.Invalid("has a chunk without a size");
    }
}
