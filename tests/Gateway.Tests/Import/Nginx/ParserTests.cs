using Gateway.Import.Nginx;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Import.Nginx;

public sealed class ParserTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<NginxDirective> Read(string text) => NginxParser.Read(_folder.Write("nginx.conf", text));

    private string Error(string text) => Assert.Throws<NginxSyntaxException>(() => Read(text)).Message.Replace(_folder.Path + "/", "", StringComparison.Ordinal);

    [Theory]
    [InlineData("http {\n  server {\n}\n", "nginx.conf(1,6): this block is never closed; add a '}'")]
    [InlineData("a;\n}", "nginx.conf(2,1): '}' without a directive before it")]
    [InlineData("http {\n  listen 80\n}", "nginx.conf(2,3): 'listen' is not ended by ';'")]
    [InlineData("listen 80", "nginx.conf(1,1): 'listen' is not ended by ';'")]
    [InlineData(";", "nginx.conf(1,1): ';' without a directive before it")]
    [InlineData("{}", "nginx.conf(1,1): '{' without a directive before it")]
    public void WhatNginxWouldNotReadIsAnErrorWithItsPlace(string text, string error) => Assert.Equal(error, Error(text));

    [Fact]
    public void IncludesComeInTheOrderOfTheirNamesAndKeepTheirPlaces()
    {
        Directory.CreateDirectory(_folder["sites"]);
        _folder.Write("sites/b.conf", "second;");
        _folder.Write("sites/a.conf", "\n  first;");
        _folder.Write("sites/.hidden.conf", "hidden;");
        _folder.Write("sites/c.txt", "other;");

        var directives = NginxDirective.Flatten(Read("include sites/*.conf;\nlast;")).ToArray();

        Assert.Equal(["first", "second", "last"], directives.Select(d => d.Name));
        Assert.Equal(("a.conf:2", 3), (directives[0].Place.Short, directives[0].Place.Column));
    }

    [Fact]
    public void AMissingIncludeIsSaidInTheReportAndTheRestIsRead()
    {
        using var import = new NginxText("include gone.conf;\nserver { listen 8080; location / { proxy_pass http://127.0.0.1:1; } }");

        Assert.StartsWith("not supported: not read: ", import.Of("include"), StringComparison.Ordinal);
        Assert.Equal("kept", import.Of("listen"));
    }

    [Fact]
    public void AFileThatIncludesItselfEndsInAnError() => Assert.Contains("include itself?", Error("include nginx.conf;"), StringComparison.Ordinal);

    [Fact]
    public void TooManyNestedBlocksAreAnError() =>
        Assert.Contains("nested more than 64 deep", Error(string.Concat(Enumerable.Repeat("a {", 200))), StringComparison.Ordinal);

    [Fact]
    public void CodeOfAnotherLanguageIsPassedOver() =>
        Assert.Equal(["content_by_lua_block", "after"], Read("content_by_lua_block {\n local x = { 'a' }; if x then ngx.say(\"}\" .. '{') end\n}\nafter;").Select(d => d.Name));

    [Fact]
    public void BytesThatAreNoUtf8AreReadAllTheSame()
    {
        File.WriteAllBytes(_folder["nginx.conf"], [(byte)'a', (byte)' ', 0xE9, (byte)';']);

        Assert.Equal("\u00e9", Assert.Single(NginxParser.Read(_folder["nginx.conf"])).First);
    }
}
