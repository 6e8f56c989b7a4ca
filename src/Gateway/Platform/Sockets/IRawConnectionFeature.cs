namespace Gateway.Platform.Sockets;

/// <summary>Of a client's connection that carries something else than HTTP from now on.</summary>
internal interface IRawConnectionFeature
{
    /// <summary>Has the connection read and write nothing itself any more. It still ends it, and its socket.</summary>
    /// <returns>Null, with nothing changed, when somebody else stands between it and its user: <see cref="System.Net.Security.SslStream"/>, for example.</returns>
    ValueTask<RawConnection?> TakeAsync();
}
