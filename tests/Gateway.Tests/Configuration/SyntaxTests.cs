using System.Text;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class SyntaxTests
{
    [Theory]
    [InlineData("{ \"Gateway\": {}\n  \"Serilog\": {} }",
        "gateway.json(2,3): not valid JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'; is a comma missing before this?")]
    [InlineData("{\n  \"Gateway\": {\n",
        "gateway.json(3,1): not valid JSON: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed; close what line 2, column 14 opens")]
    [InlineData("{ 'Gateway': {} }",
        "gateway.json(1,3): not valid JSON: ''' is an invalid start of a property name. Expected a '\"'; use double quotes")]
    [InlineData("{ Gateway: {} }",
        "gateway.json(1,3): not valid JSON: 'G' is an invalid start of a property name. Expected a '\"'; keys stand in double quotes")]
    [InlineData("{ \"Gateway\": { \"StateDirectory\": \"C:\\state\" } }",
        "gateway.json(1,38): not valid JSON: 's' is an invalid escapable character within a JSON string. The string should be correctly escaped; write a backslash twice")]
    [InlineData("{} {}",
        "gateway.json(1,4): not valid JSON: '{' is invalid after a single JSON value. Expected end of data; correct the file here; everything after it has not been read")]
    [InlineData("{ \"A\": tru\u001b\n }",
        "gateway.json(1,11): not valid JSON: 'tru\\u001b\\u000a }' is an invalid JSON literal. Expected the literal 'true'; correct the file here; everything after it has not been read")]
    [InlineData("{ \"A\\n\\u001bB\": 1 }", "gateway.json(1,3): A\\u000a\\u001bB: unknown key; known here: $schema, Kestrel, ReverseProxy, AllowedHosts, Gateway, LettuceEncrypt, Serilog")]
    [InlineData("[]", "gateway.json(1,1): the file must hold one JSON object; put everything between { and }")]
    [InlineData("{ \"\\ud800\": 1 }", "gateway.json(1,3): not valid JSON: a \\u escape is half of a surrogate pair; write the character itself")]
    public void SaysWhereTheFileStopsBeingJson(string json, string error) => Assert.Equal(error, Error(json));

    [Fact]
    public void AnEmptyFileIsNoJson() => Assert.StartsWith("gateway.json(1,1): not valid JSON: ", Error(""));

    [Fact]
    public void RefusesDeepNesting()
    {
        var json = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        Assert.Equal("gateway.json(1,321): not valid JSON: The maximum configured depth of 64 has been exceeded. Cannot read next JSON object; nest less deeply", Error(json));
    }

    [Fact]
    public void SaysWhichByteIsNotUtf8()
    {
        byte[] json = [.. "{\n \"Gateway\": { \"StateDirectory\": \""u8, 0xE9, .. "\" } }"u8];
        Assert.Equal("gateway.json(2,34): byte 0xE9 is not UTF-8 text; save the file as UTF-8", Assert.Single(Lines(Read(json))));
    }

    [Fact]
    public void ToleratesAByteOrderMarkCommentsAndTrailingCommas()
    {
        var result = Read(
            [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("// one\n{ /* two */ \"Gateway\": { \"TrustedProxies\": [ \"10.0.0.1\", ], }, } // three")]);
        Assert.Empty(result.Errors);
        Assert.Equal("10.0.0.1", result.Configuration.Root["Gateway:TrustedProxies:0"]);
    }

    [Fact]
    public void CountsColumnsInCharacters() => Assert.Equal(
        "gateway.json(1,22): Gatewaz: unknown key; did you mean 'Gateway'?",
        Error("{ /* 语音和视频，再加一些文字 */ \"Gatewaz\": {} }"));

    [Theory]
    [InlineData("{\n \"Gateway\": {},\n \"Gateway\": {} }")]
    [InlineData("{\n \"Gateway\": {},\n \"gateway\": {} }")]
    public void AKeyWrittenTwiceIsAnErrorThatNamesBothLines(string json) => Assert.Matches(
        @"^gateway\.json\(3,2\): [Gg]ateway: written twice: in line 2 and in line 3; keep one of the two$", Error(json));

    [Fact]
    public void JoinsShortFormsOfKeysWithTheLongForm()
    {
        var result = Read("""{ "Serilog": { "WriteTo": [ "Console" ], "WriteTo:Extra": { "Name": "Console" } }, "Gateway:Timeouts:Request": "00:01:00" }""");
        Assert.Empty(result.Errors);
        Assert.Equal("Console", result.Configuration.Root["Serilog:WriteTo:Extra:Name"]);
        Assert.Equal("Console", result.Configuration.Root["Serilog:WriteTo:0"]);
        Assert.Equal(TimeSpan.FromMinutes(1), result.Configuration.Gateway.RequestTimeout);
    }

    [Fact]
    public void AShortFormThatRepeatsALongOneIsWrittenTwice() => Assert.Equal(
        "gateway.json(2,1): Gateway:HttpsRedirect: written twice: in line 1 and in line 2; keep one of the two",
        Error("{ \"Gateway\": { \"HttpsRedirect\": true },\n\"Gateway:HttpsRedirect\": false }"));
}
