using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Phone;

/// <summary>What a phone's test page has found out, for the terminal of who looks after the gateway.</summary>
/// <param name="Check">secure, microphone, camera or websocket.</param>
/// <param name="Ok">Whether it works there.</param>
/// <param name="Detail">The browser's own word for what failed.</param>
/// <param name="Device">What the browser says it runs on.</param>
internal sealed record PhoneReport(string Check, bool Ok, string? Detail, string? Device)
{
    private const int LongestDetail = 120;

    private static readonly Dictionary<string, string> Names = new()
    {
        ["secure"] = "secure context",
        ["microphone"] = "microphone",
        ["camera"] = "camera",
        ["websocket"] = "WebSocket (wss)",
    };

    /// <returns>Null when it is no report of the page.</returns>
    public static PhoneReport? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PhoneJson.Default.PhoneReport) is { Check: { } check } report && Names.ContainsKey(check) ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public string Line(IPAddress? client)
    {
        var device = string.IsNullOrEmpty(Device) ? "" : $" ({Printable(Device)})";
        var detail = Ok || string.IsNullOrEmpty(Detail) ? "" : ": " + Printable(Detail);
        return $"phone {client}{device}  {(Ok ? "[ok]    " : "[failed]")}  {Names[Check]}{detail}";
    }

    // It comes from the network and goes to a terminal.
    private static string Printable(string text) =>
        string.Concat(text.Take(LongestDetail).Where(character => !char.IsControl(character) && !char.IsSurrogate(character)));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PhoneReport))]
internal sealed partial class PhoneJson : JsonSerializerContext;
