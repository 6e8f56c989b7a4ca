using System.Globalization;

namespace Gateway.Explain;

/// <summary>Values as a person reads them.</summary>
internal static class Words
{
    public const string None = "none";

    public static string Bytes(long value) => value switch
    {
        >= 1 << 20 when value % (1 << 20) == 0 => string.Create(CultureInfo.InvariantCulture, $"{value} bytes ({value >> 20} MiB)"),
        >= 1 << 10 when value % (1 << 10) == 0 => string.Create(CultureInfo.InvariantCulture, $"{value} bytes ({value >> 10} KiB)"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value} bytes"),
    };

    public static string Span(TimeSpan? span) => span is { } value ? value.ToString("c", CultureInfo.InvariantCulture) : Words.None;

    public static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "no limit";

    public static string Flag(bool value) => value ? "on" : "off";

    public static string List<T>(IEnumerable<T>? values, string none) => string.Join(", ", values ?? []) is { Length: > 0 } text ? text : none;
}
