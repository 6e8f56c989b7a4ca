using System.Net;
using System.Text;

namespace Gateway.Phone;

/// <summary>The two pages, which are in the program itself: both languages in each, one of them shown.</summary>
internal static class PhonePage
{
    public static readonly PhoneText Setup = Load("setup.html");

    public static readonly PhoneText Test = Load("test.html");

    /// <param name="context">A request for the page.</param>
    /// <param name="page">One of the two.</param>
    /// <param name="values">What stands in the page as <c>{{name}}</c>.</param>
    public static Task WriteAsync(HttpContext context, PhoneText page, params ReadOnlySpan<(string Name, string Value)> values)
    {
        var chinese = context.Request.Headers.AcceptLanguage.ToString().TrimStart().StartsWith("zh", StringComparison.OrdinalIgnoreCase);
        var text = new StringBuilder(page.Html).Replace("{{lang}}", chinese ? "zh-CN" : "en");
        foreach (var (name, value) in values)
        {
            text.Replace("{{" + name + "}}", WebUtility.HtmlEncode(value));
        }

        var response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'";
        return response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static PhoneText Load(string name)
    {
        using var stream = typeof(PhonePage).Assembly.GetManifestResourceStream("phone/" + name)
            ?? throw new InvalidOperationException($"The page {name} is not embedded in the program.");
        using var reader = new StreamReader(stream);
        return new PhoneText(reader.ReadToEnd());
    }
}

internal sealed record PhoneText(string Html);
