using System.Globalization;
using System.Text.RegularExpressions;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>What a route answers by itself, as its <c>Metadata</c> say.</summary>
/// <param name="Status">200 to 599.</param>
/// <param name="Redirect">Where to, with placeholders such as <c>{uri}</c>; null for no redirect.</param>
/// <param name="Text">Of the body; null for none, or for the gateway's page for an error.</param>
internal sealed partial record RouteAnswer(int Status, string? Redirect, string? Text)
{
    public const string StatusKey = "Status";
    public const string RedirectKey = "Redirect";
    public const string TextKey = "Text";

    /// <summary>Placeholders that every redirect may have, besides the parameters of the route's path.</summary>
    public static readonly IReadOnlyList<string> Placeholders = ["scheme", "host", "uri", "path", "query"];

    /// <summary>Null when a service answers.</summary>
    public static RouteAnswer? Of(RouteConfig route)
    {
        if (route.Metadata is not { } metadata)
        {
            return null;
        }

        var (status, redirect, text) = (metadata.GetValueOrDefault(StatusKey), metadata.GetValueOrDefault(RedirectKey), metadata.GetValueOrDefault(TextKey));
        if (status is null && redirect is null && text is null)
        {
            return null;
        }

        return new RouteAnswer(
            int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : redirect is null ? 200 : 308,
            string.IsNullOrEmpty(redirect) ? null : redirect,
            text);
    }

    public override string ToString() => Redirect is null ? Status.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Status} {Redirect}");

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    public static partial Regex Placeholder();
}
