using System.IO.Pipelines;

namespace Gateway.Platform;

/// <summary>A connection's two directions, brought together anew.</summary>
internal sealed record ReplacedTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
