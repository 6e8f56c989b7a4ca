using System.Text.RegularExpressions;
using Gateway.Import.Nginx;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Gateway.Tests.Import.Nginx;

public sealed class RegexPathTests
{
    private static readonly string[] Paths =
    [
        "/a", "/api", "/api/", "/api/v1/x", "/apix", "/API/x", "/x/api", "/.ht", "/x/.ht", "/.well-known/x", "/a.php", "/a.PHP", "/x/a.php/y", "/img/a.png", "/a.pngx", "/wp-admin/x", "/x/wp-admin", "/uploads/a.php",
        "/build", "/builds", "/build/x", "/v12/x", "/v/x", "/~user", "/a b", "/caf\u00e9.js",
    ];

    /// <summary>nginx's expression sees the slash at the start, the constraint of a route does not.</summary>
    [Theory]
    [InlineData("^/api")]
    [InlineData("^/api/")]
    [InlineData("^\\/api\\/")]
    [InlineData("\\.php$")]
    [InlineData("\\.php(?:$|/)")]
    [InlineData("/\\.ht")]
    [InlineData("/\\.(?!well-known)")]
    [InlineData("\\.(png|jpg|js)$")]
    [InlineData("^/(?:build|tests)(?:$|/)")]
    [InlineData("^/v\\d{1,3}/")]
    [InlineData("^/wp-admin|^/api")]
    [InlineData("/(?:uploads|files)/.*\\.php$")]
    [InlineData("^.+\\.php$")]
    [InlineData("(.*)\\.php$")]
    [InlineData("^/[a-z=:]+$")]
    public void TheConstraintTakesTheSamePaths(string pattern)
    {
        foreach (var ignoresCase in new[] { false, true })
        {
            var template = RegexPath.Constraint(pattern, ignoresCase);
            Assert.NotNull(template);
            var constraint = Assert.Single(Assert.Single(RoutePatternFactory.Parse(template).Parameters).ParameterPolicies).Content!;
            // As ASP.NET Core's own constraint does it.
            var expression = new Regex(constraint["regex(".Length..^1], RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
            var nginx = new Regex(pattern, RegexOptions.CultureInvariant | (ignoresCase ? RegexOptions.IgnoreCase : RegexOptions.None));
            Assert.All(Paths, path => Assert.Equal((path, nginx.IsMatch(path)), (path, expression.IsMatch(path[1..]))));
        }
    }

    [Theory]
    [InlineData("^(/a|/b)")]
    [InlineData("^[^.]+$")]
    [InlineData("(unclosed")]
    [InlineData("^/?$")]
    public void WhatIsNotSureToMeanTheSameIsLeftToAPerson(string pattern) => Assert.Null(RegexPath.Constraint(pattern, false));

    [Theory]
    [InlineData("^/old/(.*)$", "/old/{**rest}", "{rest}")]
    [InlineData("^/old(.*)$", "/old/{**rest}", "/{rest}")]
    [InlineData("^/old$", "/old", "")]
    [InlineData("^/old/?$", "/old", "")]
    [InlineData("^/old", "/old/{**rest}", "")]
    [InlineData("^/user/([^/]+)/photo$", "/user/{part1}/photo", "{part1}")]
    [InlineData("^/a/([0-9]+)/b/(.*)$", "/a/{part1:regex(^(?-i:[0-9]+)$)}/b/{**rest}", "{part1} {rest}")]
    [InlineData("^/index\\.html$", "/index.html", "")]
    [InlineData("^/(.*)$", "/{**rest}", "{rest}")]
    [InlineData("^", "/{**rest}", "{path}")]
    public void GroupsBecomeParameters(string pattern, string template, string groups)
    {
        var match = RegexPath.Template(pattern);

        Assert.Equal((template, groups), (match?.Template, string.Join(' ', match?.Groups ?? [])));
    }

    [Theory]
    [InlineData("old")]
    [InlineData("^/a(b|c)d$")]
    [InlineData("^/a/(b(c))$")]
    [InlineData("^/a+$")]
    public void OtherGroupsAreLeftToAPerson(string pattern) => Assert.Null(RegexPath.Template(pattern));
}
