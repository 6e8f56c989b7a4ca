using Gateway.Platform;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting.Tls;

/// <summary>Looks at how a connection begins, and leaves it as it was for TLS.</summary>
internal static class ClientHelloPeek
{
    /// <returns>Null when the connection begins with something else, and when the client has gone or let the patience run out: the
    /// connection is closed then, which TLS will see.</returns>
    public static async Task<ClientHello?> ReadAsync(ConnectionContext connection, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(patience);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(limit.Token);
                if (!ClientHello.TryRead(read.Buffer, out var hello) && !read.IsCompleted)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                connection.Transport = new ReplacedTransport(new PeekedInput(input, read), connection.Transport.Output);
                return hello;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            connection.Abort(new ConnectionAbortedException("No ClientHello came."));
            return null;
        }
    }
}
