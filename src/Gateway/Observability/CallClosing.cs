using System.Globalization;
using Gateway.Proxying;

namespace Gateway.Observability;

/// <summary>How WebSockets have ended: who began, and the code in words of RFC 6455 section 7.4.</summary>
internal readonly record struct CallClosing(WebSocketPeer By, string Code)
{
    // A client may close with any of 65536 numbers, and each would be a series for ever.
    private const string Other = "other";

    public static CallClosing Of(WebSocketTunnel call) => new(call.ClosedBy, CodeOf(call));

    /// <summary>The same, without what is one code too many.</summary>
    public CallClosing Bounded => this with { Code = Other };

    private static string CodeOf(WebSocketTunnel call)
    {
        if (call.CloseCode is { } code)
        {
            return code.ToString(CultureInfo.InvariantCulture);
        }

        // Section 7.1.5: a close frame without a code, and no close frame at all.
        var frames = call.ClosedBy == WebSocketPeer.Client ? call.FromClient : call.FromService;
        return frames.Closed ? "1005" : "1006";
    }
}
