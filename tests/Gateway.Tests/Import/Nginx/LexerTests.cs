using Gateway.Import.Nginx;

namespace Gateway.Tests.Import.Nginx;

public sealed class LexerTests
{
    private static string[] Words(string text)
    {
        var lexer = new NginxLexer("nginx.conf", text);
        var words = new List<string>();
        for (var token = lexer.Next(); token.Kind != NginxTokenKind.End; token = lexer.Next())
        {
            words.Add(token.Text);
        }

        return [.. words];
    }

    [Theory]
    [InlineData("listen 80;", "listen|80|;")]
    [InlineData("a # comment ; }\nb;", "a|b|;")]
    [InlineData("a b#c;", "a|b#c|;")]
    [InlineData("log \"a; b { c\" 'd \"e\"';", "log|a; b { c|d \"e\"|;")]
    [InlineData("set $a ${b}c;", "set|$a|${b}c|;")]
    [InlineData("location ~ ^/a$ {", "location|~|^/a$|{")]
    [InlineData("location ~ \\.php$ {}", "location|~|\\.php$|{|}")]
    [InlineData("a \"\\\"q\\\" \\\\ \\d\";", "a|\"q\" \\ \\d|;")]
    [InlineData("a '';", "a||;")]
    [InlineData("server{listen 80;}", "server|{|listen|80|;|}")]
    public void SplitsAsNginxDoes(string text, string words) => Assert.Equal(words.Split('|'), Words(text));

    [Theory]
    [InlineData("a \"b", "nginx.conf(1,3): the quotation mark \" is never closed")]
    [InlineData("\n  a \"b\"c;", "nginx.conf(2,8): 'c' right after a closing quotation mark; put a blank or ';' between them")]
    public void MistakesHaveLineAndColumn(string text, string error) =>
        Assert.Equal(error, Assert.Throws<NginxSyntaxException>(() => Words(text)).Message);
}
