using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Backends.Video;
using Backends.Voice;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Backends.Video;

public sealed class VideoServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HealthCountsTheCallsThatGoOn()
    {
        await using var service = await StartAsync();
        Assert.Equal(0, await SessionsAsync(service));
        using var first = await CallClient.ConnectAsync(service);
        await first.ExpectAsync("ready");
        using var second = await CallClient.ConnectAsync(service);
        await second.ExpectAsync("ready");
        Assert.Equal(2, await SessionsAsync(service));

        await first.SendAsync(new { type = "close" });
        Assert.Null(await first.ReceiveAsync());
        await first.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        second.Socket.Abort();
        var limit = TimeProvider.System.GetTimestamp();
        while (await SessionsAsync(service) != 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(limit) < TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public async Task BeginsEachCallWithReadyAndAnIdOfItsOwn()
    {
        // The clock stands still: both calls begin in the same millisecond.
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123));
        await using var service = await StartAsync(time: time);
        var ids = new List<string?>();
        for (var i = 0; i < 2; i++)
        {
            using var call = await CallClient.ConnectAsync(service);
            var ready = await call.ExpectAsync("ready");
            Assert.NotEmpty(ready.GetProperty("message").GetString()!);
            ids.Add(ready.GetProperty("session_id").GetString());
        }
        Assert.Equal(["ws_1700000000123", "ws_1700000000124"], ids);
    }

    [Fact]
    public async Task AnswersWhenSpeechEndsFromWhatItReceived()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        await call.SendFrameAsync(Pictures.Jpeg(640, 480));
        await call.SendFrameAsync(Pictures.Jpeg(1280, 720));
        await call.SendSoundAsync([.. Sounds.Silence(0.5), .. Sounds.Tone(1.8), .. Sounds.Silence(1)]);

        await call.ExpectAsync("speech.started");
        Assert.Equal("[1.8 s of speech]", (await call.ExpectAsync("transcript")).GetProperty("text").GetString());
        var answer = await call.ReceiveUntilAsync("response.done");
        var words = Words(answer);
        Assert.Equal(["text.delta", "audio.delta", "response.done"], answer.Select(message => message.GetProperty("type").GetString()).Distinct());
        Assert.Contains("1.8 seconds", words, StringComparison.Ordinal);
        Assert.Contains("2 pictures", words, StringComparison.Ordinal);
        Assert.Contains("1280 by 720", words, StringComparison.Ordinal);
        Assert.True(answer.Count(message => message.GetProperty("type").GetString() == "text.delta") > 1);
        Assert.Equal(0.5, SpokenSeconds(answer), 0.01);
    }

    [Fact]
    public async Task SpeaksItsAnswerWhereEspeakIsInstalled()
    {
        await using var service = await StartAsync(new EspeakTextToSpeech(InstalledTools.Require("espeak-ng")));
        using var call = await CallClient.ConnectAsync(service);
        await call.SendSoundAsync([.. Sounds.Tone(1), .. Sounds.Silence(1)]);
        Assert.True(SpokenSeconds(await call.ReceiveUntilAsync("response.done")) > 2);
    }

    [Fact]
    public async Task StillAnswersWhenItsVoiceFails()
    {
        await using var service = await StartAsync(new EspeakTextToSpeech("/nowhere/espeak-ng"));
        using var call = await CallClient.ConnectAsync(service);
        await call.SendSoundAsync([.. Sounds.Tone(1), .. Sounds.Silence(1)]);
        Assert.Equal(0.5, SpokenSeconds(await call.ReceiveUntilAsync("response.done")), 0.01);
    }

    [Fact]
    public async Task AnswersAgainAndAgain()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        for (var i = 0; i < 5; i++)
        {
            await call.SendSoundAsync([.. Sounds.Tone(0.02), .. Sounds.Silence(0.68)]);
        }
        for (var i = 0; i < 5; i++)
        {
            Assert.Single(await call.ReceiveUntilAsync("response.done"), message => message.GetProperty("type").GetString() == "transcript");
        }
    }

    [Fact]
    public async Task AnswersInChineseWhenThePageIsChinese()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service, "lang=zh");
        await call.SendSoundAsync([.. Sounds.Tone(1), .. Sounds.Silence(1)]);
        var messages = await call.ReceiveUntilAsync("response.done");
        Assert.Equal("[1.0 秒语音]", messages.Single(message => message.GetProperty("type").GetString() == "transcript").GetProperty("text").GetString());
        Assert.Contains("我听到了 1.0 秒的语音", Words(messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json", "JSON")]
    [InlineData("", "JSON")]
    [InlineData("{\"type\":\"video\"", "JSON")]
    [InlineData("[]", "\"type\"")]
    [InlineData("7", "\"type\"")]
    [InlineData("{}", "\"type\"")]
    [InlineData("{\"type\":7}", "\"type\"")]
    [InlineData("{\"type\":\"dance\"}", "'dance'")]
    [InlineData("{\"type\":\"video\"}", "base64")]
    [InlineData("{\"type\":\"video\",\"data\":7}", "base64")]
    [InlineData("{\"type\":\"video\",\"data\":\"%%%\"}", "base64")]
    [InlineData("{\"type\":\"video\",\"data\":\"\"}", "broken")]
    [InlineData("{\"type\":\"video\",\"data\":\"aGVsbG8=\"}", "broken")]
    [InlineData("{\"type\":\"audio\"}", "base64")]
    [InlineData("{\"type\":\"audio\",\"data\":\"%%%\"}", "base64")]
    [InlineData("{\"type\":\"audio\",\"data\":\"AQID\"}", "even")]
    public async Task ABadMessageGetsAnErrorAndTheCallGoesOn(string bad, string told)
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        await call.SendTextAsync(bad);
        Assert.Contains(told, (await call.ExpectAsync("error")).GetProperty("message").GetString(), StringComparison.Ordinal);

        await call.SendSoundAsync([.. Sounds.Tone(0.5), .. Sounds.Silence(1)]);
        Assert.Contains("No picture", Words(await call.ReceiveUntilAsync("response.done")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutsAMessageInFragmentsTogether()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        var message = Encoding.UTF8.GetBytes("{\"type\":\"fragmented\"}");
        foreach (var letter in message)
        {
            await call.Socket.SendAsync(new[] { letter }, WebSocketMessageType.Text, endOfMessage: false, Cancel);
        }
        await call.Socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        Assert.Contains("'fragmented'", (await call.ExpectAsync("error")).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClosesWithMessageTooBigBeyondTheLimit()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        await call.SendTextAsync(new string('a', MessageSocket.LongestMessage + 100_000));
        Assert.Null(await call.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, call.Socket.CloseStatus);
    }

    [Fact]
    public async Task ClosesNormallyWhenTheClientSaysSo()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        await call.SendAsync(new { type = "close" });
        Assert.Null(await call.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, call.Socket.CloseStatus);
    }

    [Fact]
    public async Task TellsTheCallsThatItIsStopping()
    {
        await using var service = await StartAsync();
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        var stopped = service.StopAsync();
        Assert.Null(await call.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, call.Socket.CloseStatus);
        // The client does not answer the close; the service ends all the same.
        await stopped.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task EndsACallThatHasBeenSilentForAnHour()
    {
        var time = new FakeTimeProvider();
        await using var service = await StartAsync(time: time);
        using var call = await CallClient.ConnectAsync(service);
        await call.ExpectAsync("ready");
        var end = call.ReceiveAsync();
        // The service may not be waiting yet when the clock first moves.
        while (!end.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(61));
            await Task.WhenAny(end, Task.Delay(20, Cancel));
        }
        Assert.Null(await end);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, call.Socket.CloseStatus);
    }

    [Fact]
    public async Task SaysToAPlainRequestThatItSpeaksWebSocket()
    {
        await using var service = await StartAsync();
        using var response = await service.Http.GetAsync("ws/video", Cancel);
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Equal("websocket", response.Headers.Upgrade.ToString());
    }

    private static Task<RunningService> StartAsync(EspeakTextToSpeech? voice = null, TimeProvider? time = null) =>
        RunningService.StartAsync(VideoService.Build(0, new AnswerVoice(voice), time ?? TimeProvider.System));

    private static async Task<int> SessionsAsync(RunningService service)
    {
        var health = await service.Http.GetFromJsonAsync<JsonElement>("health", Cancel);
        Assert.Equal(("ok", "realtime_stream"), (health.GetProperty("status").GetString(), health.GetProperty("mode").GetString()));
        return health.GetProperty("active_sessions").GetInt32();
    }

    private static string Words(IEnumerable<JsonElement> messages) =>
        string.Concat(messages.Where(message => message.GetProperty("type").GetString() == "text.delta").Select(message => message.GetProperty("text").GetString()));

    private static double SpokenSeconds(IEnumerable<JsonElement> messages) =>
        messages.Where(message => message.GetProperty("type").GetString() == "audio.delta")
            .Sum(message => message.GetProperty("audio").GetBytesFromBase64().Length) / 2.0 / AnswerVoice.SampleRate;
}
