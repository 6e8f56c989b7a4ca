using System.Globalization;

namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:AccessLog</c>, whose values the schema has checked.</summary>
internal static class AccessLogReader
{
    public static AccessLogOptions? Read(ConfigurationNode? section)
    {
        if (section?.Child("Path")?.Value is not { } path)
        {
            return null;
        }

        var defaults = new AccessLogOptions(path);
        return defaults with
        {
            Format = section.Child("Format")?.Value is { } format ? Enum.Parse<AccessLogFormat>(format, ignoreCase: true) : defaults.Format,
            MaxSize = section.Child("MaxSize")?.Value is { } size ? long.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture) : defaults.MaxSize,
            // "none" is the one value that the schema lets through and TimeSpan does not.
            MaxAge = section.Child("MaxAge")?.Value is not { } age ? defaults.MaxAge
                : TimeSpan.TryParseExact(age, "c", CultureInfo.InvariantCulture, out var span) ? span : null,
            Keep = section.Child("Keep")?.Value is { } keep ? int.Parse(keep, NumberStyles.None, CultureInfo.InvariantCulture) : defaults.Keep,
        };
    }
}
