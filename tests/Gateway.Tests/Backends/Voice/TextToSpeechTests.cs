using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Backends.Voice;

namespace Gateway.Tests.Backends.Voice;

public sealed class TextToSpeechTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{\"text\":\"Hello\"}")]
    [InlineData("{\"text\":\"Hello\",\"voice\":\"en-GB-SoniaNeural\",\"rate\":\"+0%\",\"pitch\":\"+0Hz\"}")]
    [InlineData("{\"text\":\"你好\",\"voice\":\"zh-CN-XiaoxiaoNeural\"}")]
    [InlineData("{\"text\":\"你好\"}")]
    [InlineData("{\"text\":\"Hello\",\"voice\":\"--help\"}")]
    [InlineData("{\"text\":\"--help\"}")]
    [InlineData("{\"text\":\"-w /tmp/elsewhere; rm $(x) `y`\"}")]
    public async Task SpeaksAsWav(string body)
    {
        await using var service = await StartWithEspeakAsync();
        using var response = await PostAsync(service, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType?.MediaType);
        Assert.True(Samples(await response.Content.ReadAsByteArrayAsync(Cancel)) > 2000);
    }

    [Fact]
    public async Task SpeaksFasterWhenTheRateIsHigher()
    {
        await using var service = await StartWithEspeakAsync();
        var lengths = new List<int>();
        foreach (var rate in new[] { "-40%", "+0%", "+80%" })
        {
            using var response = await PostAsync(service, $$"""{"text":"One two three four five six seven","rate":"{{rate}}"}""");
            lengths.Add(Samples(await response.Content.ReadAsByteArrayAsync(Cancel)));
        }
        Assert.Equal(lengths.OrderDescending(), lengths);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"text\":\"\"}")]
    [InlineData("{\"text\":\"  \"}")]
    [InlineData("{\"text\":7}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("text=Hello")]
    [InlineData("")]
    public async Task RefusesARequestWithoutText(string body)
    {
        await using var service = await VoiceServiceTests.StartAsync();
        using var response = await PostAsync(service, body);
        await AssertErrorAsync(response, "text");
    }

    [Theory]
    [InlineData("rate", "fast")]
    [InlineData("rate", "+10")]
    [InlineData("pitch", "high")]
    public async Task RefusesARateOrPitchThatItDoesNotUnderstand(string field, string value)
    {
        await using var service = await StartWithEspeakAsync();
        using var response = await PostAsync(service, JsonSerializer.Serialize(new Dictionary<string, string> { ["text"] = "Hello", [field] = value }));
        await AssertErrorAsync(response, field);
    }

    [Fact]
    public async Task RefusesATextWithoutEnd()
    {
        await using var service = await VoiceServiceTests.StartAsync();
        using var response = await PostAsync(service, JsonSerializer.Serialize(new { text = new string('a', 10_001) }));
        await AssertErrorAsync(response, "longer than");
    }

    [Theory]
    [InlineData(null, "not installed")]
    [InlineData("/nowhere/espeak-ng", "/nowhere/espeak-ng")]
    public async Task SaysWhatToInstallWhenTheEngineIsOutOfReach(string? path, string told)
    {
        await using var service = await VoiceServiceTests.StartAsync(espeak: path);
        using var response = await PostAsync(service, "{\"text\":\"Hello\"}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        Assert.Contains(told, answer.GetProperty("details").GetString(), StringComparison.Ordinal);
        Assert.Contains("espeak-ng", answer.GetProperty("suggestion").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListsTheVoicesOfTheEngine()
    {
        await using var service = await StartWithEspeakAsync();
        var answer = await service.Http.GetFromJsonAsync<JsonElement>("api/voices", Cancel);
        var english = Assert.Single(answer.GetProperty("voices").EnumerateArray(), voice => voice.GetProperty("id").GetString() == "en-us");
        Assert.Equal("English (America)", english.GetProperty("name").GetString());
        Assert.Equal("en-us", english.GetProperty("language").GetString());
    }

    [Fact]
    public async Task ListsNoVoiceWithoutAnEngine()
    {
        await using var service = await VoiceServiceTests.StartAsync();
        var answer = await service.Http.GetFromJsonAsync<JsonElement>("api/voices", Cancel);
        Assert.Empty(answer.GetProperty("voices").EnumerateArray());
    }

    private static Task<RunningService> StartWithEspeakAsync() => VoiceServiceTests.StartAsync(espeak: InstalledTools.Require("espeak-ng"));

    private static Task<HttpResponseMessage> PostAsync(RunningService service, string body) =>
        service.Http.PostAsync("api/text-to-speech", new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

    private static async Task AssertErrorAsync(HttpResponseMessage response, string told)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Contains(told, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private static int Samples(byte[] wav)
    {
        var decoder = WavDecoder.Open(new MemoryStream(wav));
        var block = new float[4096];
        var total = 0;
        for (int count; (count = decoder.Read(block)) > 0;)
        {
            total += count;
        }
        return total;
    }
}
