using System.Net.Sockets;

namespace Gateway.Observability;

/// <summary>Whether a service accepts connections, which is all that can be asked without knowing what it speaks.</summary>
internal static class ServiceProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <param name="address">A destination's absolute http(s) URL.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="OperationCanceledException">Cancelled; being too slow is "down" instead.</exception>
    public static async Task<bool> IsUpAsync(string address, CancellationToken cancellationToken)
    {
        var uri = new Uri(address);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(uri.DnsSafeHost, uri.Port, limited.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
