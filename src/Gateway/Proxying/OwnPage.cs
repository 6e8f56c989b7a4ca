using System.Globalization;
using System.Net;
using Gateway.Platform;

namespace Gateway.Proxying;

/// <summary>A page of the operator's in the place of the gateway's. Read for each failure: these are rare, and a mended page counts at once.</summary>
internal static class OwnPage
{
    // More is no error page, and a mistake in a path must not take the memory.
    private const int Largest = 1024 * 1024;

    /// <summary>The file for a status in <c>Gateway:ErrorPages</c>: that of the number, of its class (<c>5xx</c>), or of all (<c>*</c>).</summary>
    /// <returns>Null when there is none.</returns>
    public static string? FileFor(IReadOnlyDictionary<string, string> pages, int statusCode) =>
        pages.Count == 0 ? null
        : pages.GetValueOrDefault(statusCode.ToString(CultureInfo.InvariantCulture))
            ?? pages.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"{statusCode / 100}xx"))
            ?? pages.GetValueOrDefault("*");

    /// <summary>The page with its marks filled in: <c>{{status}}</c>, <c>{{title}}</c> and <c>{{request-id}}</c>.</summary>
    /// <returns>Null when the file is empty or cannot be read; then the gateway's own page says what has to be said.</returns>
    public static async Task<string?> ReadAsync(string file, int statusCode, string title, string requestId, CancellationToken cancellationToken)
    {
        await EventLoop.LeaveAsync();
        try
        {
            if (new FileInfo(file).Length is 0 or > Largest)
            {
                return null;
            }

            var text = await File.ReadAllTextAsync(file, cancellationToken);
            return text
                .Replace("{{status}}", statusCode.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{{title}}", WebUtility.HtmlEncode(title), StringComparison.Ordinal)
                .Replace("{{request-id}}", WebUtility.HtmlEncode(requestId), StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
