using System.Net;

namespace Gateway.Proxying.Services;

/// <summary>The body of an answer as YARP reads it: once, as a stream.</summary>
internal sealed class AnswerContent : HttpContent
{
    public Stream Body { get; set; } = Stream.Null;

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(Body);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => Body;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Body.CopyToAsync(stream);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Body.Dispose();
        }

        base.Dispose(disposing);
    }
}
