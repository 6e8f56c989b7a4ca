using System.Net.Http.Headers;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>The body of an answer. Read to its end it gives the connection back; otherwise the connection ends with it.</summary>
internal abstract class AnswerBody(Http11Connection connection) : AsynchronousStream
{
    /// <summary>All of it has been read, or nobody reads on.</summary>
    public bool IsEnded { get; private set; }

    public override bool CanWrite => false;

    /// <summary>Headers that follow it; null where there are none.</summary>
    public virtual HttpResponseHeaders? Trailers => null;

    /// <summary>No more bytes than these come at the next read; 0 where none have come yet.</summary>
    public int Arrived => Bytes.Buffered.Length;

    protected BufferedSocket Bytes => connection.Bytes;

    /// <summary>Its last byte has been read.</summary>
    protected void End()
    {
        IsEnded = true;
        connection.Complete();
    }

    protected static HttpIOException BrokenOff() => new(HttpRequestError.ResponseEnded, "The service broke off in the middle of its answer.");

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !IsEnded)
        {
            IsEnded = true;
            connection.Abort();
        }

        base.Dispose(disposing);
    }
}
