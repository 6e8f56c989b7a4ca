using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>add_header, proxy_hide_header and expires: what the client receives.</summary>
internal static class ResponseHeaders
{
    public const string Hsts = "Strict-Transport-Security";

    public static IReadOnlyList<JsonText> Read(NginxScope scope, bool hstsIsGlobal, ImportReport report)
    {
        var transforms = new List<JsonText>();
        foreach (var directive in scope.All("proxy_hide_header").Where(d => d.Arguments.Count == 1 && NginxValue.IsHeaderName(d.First)))
        {
            transforms.Add(new JsonText().Add("ResponseHeaderRemove", directive.First).Add("When", "Always"));
            report.Keep(directive);
        }

        foreach (var directive in scope.All("add_header").Where(d => d.Arguments.Count >= 2))
        {
            var value = NginxValue.Resolve(directive.Arguments[1], scope, report);
            var isAlways = directive.Arguments is [_, _, "always"];
            if (hstsIsGlobal && directive.First.Equals(Hsts, StringComparison.OrdinalIgnoreCase))
            {
                report.Change(directive, "Gateway:StrictTransportSecurity sends it with every answer over HTTPS");
            }
            else if (!NginxValue.IsHeaderName(directive.First))
            {
                report.Refuse(directive, "left out: no header has such a name");
            }
            else if (value.Length == 0)
            {
                report.Keep(directive, "adds nothing");
            }
            else if (NginxValue.HasVariables(value) || value.Any(char.IsControl))
            {
                report.Refuse(directive, "left out: a header can be given a fixed value only (ResponseHeader transform); let the service send it");
            }
            else
            {
                var transform = new JsonText().Add("ResponseHeader", directive.First).Add("Append", value);
                transforms.Add(isAlways ? transform.Add("When", "Always") : transform);
                if (isAlways)
                {
                    report.Keep(directive);
                }
                else
                {
                    report.Change(directive, "on every answer below 400; nginx leaves out 202, 203 and the like");
                }
            }
        }

        if (scope.Find("expires") is { } expires)
        {
            AddExpiry(transforms, expires, report);
        }

        return transforms;
    }

    private static void AddExpiry(List<JsonText> transforms, NginxDirective expires, ImportReport report)
    {
        var value = expires.First switch
        {
            "off" => "",
            "epoch" or "-1" => "no-cache",
            "max" => "max-age=315360000",
            var text when text.StartsWith('-') => "no-cache",
            var text => NginxValue.Time(text) is { } time ? string.Create(CultureInfo.InvariantCulture, $"max-age={(long)time.TotalSeconds}") : null,
        };
        if (value is null)
        {
            report.Refuse(expires, "left out: have the service send Cache-Control, or add it with a ResponseHeader transform");
        }
        else if (value.Length > 0)
        {
            transforms.Add(new JsonText().Add("ResponseHeader", "Cache-Control").Add("Append", value));
            report.Change(expires, "as Cache-Control, without Expires");
        }
        else
        {
            report.Keep(expires);
        }
    }
}
