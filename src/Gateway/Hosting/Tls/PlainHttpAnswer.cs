using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting.Tls;

/// <summary>What who speaks plain HTTP to an https endpoint is told. A browser that was given localhost:5443 without https:// would say only that
/// the page does not work.</summary>
internal static class PlainHttpAnswer
{
    private static readonly byte[] Bytes = Encode(
        """
        This port speaks HTTPS. Put https:// before the address.
        此端口使用 HTTPS，请在地址前加上 https://。

        """);

    /// <summary>Says it, in plain HTTP.</summary>
    public static ValueTask SendAsync(ConnectionContext connection)
    {
        var sending = connection.Transport.Output.WriteAsync(Bytes);
        return sending.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(sending.AsTask());
    }

    private static byte[] Encode(string text) =>
    [
        .. Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n")),
        .. Encoding.UTF8.GetBytes(text),
    ];
}
