using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting;

/// <summary>Looks at how a connection begins, and leaves it as it was for TLS.</summary>
internal static class ClientHelloPeek
{
    /// <returns>Null when the connection begins with something else.</returns>
    /// <exception cref="OperationCanceledException">The client has gone, or let the patience run out.</exception>
    public static async Task<ClientHello?> ReadAsync(ConnectionContext connection, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(patience);
        var input = connection.Transport.Input;
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
}
