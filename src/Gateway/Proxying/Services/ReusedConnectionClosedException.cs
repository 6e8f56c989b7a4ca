namespace Gateway.Proxying.Services;

/// <summary>A service closed a connection of the pool and did not answer the request that was sent over it.</summary>
/// <param name="nothingTaken">It had closed before a byte of the request reached it.</param>
/// <param name="inner">What the socket said; null for an orderly end.</param>
internal sealed class ReusedConnectionClosedException(bool nothingTaken, Exception? inner)
    : IOException("The service closed a connection that had been kept open.", inner)
{
    /// <summary>The request has certainly not been seen by the service, whatever its method.</summary>
    public bool NothingTaken => nothingTaken;

    /// <summary>The one in an exception's causes; null if there is none.</summary>
    public static ReusedConnectionClosedException? In(Exception? exception) => exception switch
    {
        null => null,
        ReusedConnectionClosedException found => found,
        AggregateException several => several.InnerExceptions.Select(In).FirstOrDefault(e => e is not null),
        _ => In(exception.InnerException),
    };
}
