using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Backends;
using Backends.Voice;

namespace Gateway.Tests.Backends.Voice;

public sealed class VoiceServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HealthNamesTheEnginesAndThatNoModelIsLoaded()
    {
        await using var service = await StartAsync();
        var health = await service.Http.GetFromJsonAsync<JsonElement>("health", Cancel);
        Assert.Equal("ok", health.GetProperty("status").GetString());
        Assert.NotEmpty(health.GetProperty("service").GetString()!);
        Assert.Equal("sample (no speech model)", health.GetProperty("features").GetProperty("stt").GetString());
        Assert.Contains("not installed", health.GetProperty("features").GetProperty("tts").GetString(), StringComparison.Ordinal);
        Assert.False(health.GetProperty("models_loaded").GetBoolean());
    }

    [Fact]
    public async Task TellsWhereSpeechIsInAWavRecording()
    {
        await using var service = await StartAsync();
        var wav = Sounds.Wav([.. Sounds.Silence(1), .. Sounds.Tone(0.5), .. Sounds.Silence(1.5)]);
        var (status, answer) = await TranscribeAsync(service, wav);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("sample (no speech model)", answer.GetProperty("service").GetString());
        Assert.Equal("[3.0 s of audio, 0.5 s of speech at 1.0-1.5 s; loudest moment -10.5 dB]", answer.GetProperty("text").GetString());
    }

    [Fact]
    public async Task SaysThatSilenceIsSilence()
    {
        await using var service = await StartAsync();
        var (_, answer) = await TranscribeAsync(service, Sounds.Wav(Sounds.Silence(2)));
        Assert.Equal("[2.0 s of silence]", answer.GetProperty("text").GetString());
    }

    [Fact]
    public async Task DecodesWhatABrowserRecordsThroughFfmpeg()
    {
        var ffmpeg = InstalledTools.Require("ffmpeg");
        using var folder = new TemporaryFolder();
        var webm = await WebmAsync(ffmpeg, folder);
        await using var service = await StartAsync(ffmpeg: ffmpeg);
        var (status, answer) = await TranscribeAsync(service, await File.ReadAllBytesAsync(webm, Cancel));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("[3.0 s of audio, 1.0 s of speech at 1.0-2.0 s", answer.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GivesFfmpegNoPlaylistThatWouldOpenOtherFiles()
    {
        var ffmpeg = InstalledTools.Require("ffmpeg");
        using var folder = new TemporaryFolder();
        var playlist = $"""
            <?xml version="1.0"?>
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static" mediaPresentationDuration="PT2S" minBufferTime="PT1S"><Period>
            <AdaptationSet mimeType="audio/webm"><Representation id="0" bandwidth="1000"><BaseURL>file://{await WebmAsync(ffmpeg, folder)}</BaseURL></Representation></AdaptationSet>
            </Period></MPD>
            """;
        await using var service = await StartAsync(ffmpeg: ffmpeg);
        var (status, _) = await TranscribeAsync(service, Encoding.ASCII.GetBytes(playlist));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
    }

    [Fact]
    public async Task SaysThatFfmpegIsMissingWhenARecordingNeedsIt()
    {
        await using var service = await StartAsync();
        var (status, answer) = await TranscribeAsync(service, [0x1A, 0x45, 0xDF, 0xA3, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("ffmpeg", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnswersWithAnErrorWhenItCannotDecode(bool withFfmpeg)
    {
        await using var service = await StartAsync(ffmpeg: withFfmpeg ? InstalledTools.Require("ffmpeg") : null);
        foreach (var broken in new byte[][] { [], "hello"u8.ToArray(), Sounds.Wav(Sounds.Tone(1))[..30] })
        {
            var (status, answer) = await TranscribeAsync(service, broken);
            Assert.Equal(HttpStatusCode.InternalServerError, status);
            Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        }
    }

    [Fact]
    public async Task RefusesARequestWithoutTheField()
    {
        await using var service = await StartAsync();
        HttpContent[] contents =
        [
            new MultipartFormDataContent { { new ByteArrayContent(Sounds.Wav([])), "file", "a.wav" } },
            new MultipartFormDataContent { { new StringContent("no file"), "audio" } },
            new StringContent("{}", Encoding.UTF8, "application/json"),
            new ByteArrayContent([1, 2, 3]),
        ];
        foreach (var content in contents)
        {
            var (status, answer) = await PostAsync(service, content);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("'audio'", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task RefusesAFormThatBreaksOff()
    {
        await using var service = await StartAsync();
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes("--x\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"a\"\r\n\r\nabc"));
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        var (status, answer) = await PostAsync(service, content);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task AcceptsAnUploadOfNinetyMegabytes()
    {
        await using var service = await StartAsync();
        // 48 kHz stereo would be four minutes; the highest rate keeps the decoded part, and the test, short.
        var wav = new byte[90_000_000];
        Recording.Header(768_000, uint.MaxValue).CopyTo(wav, 0);
        var (status, answer) = await TranscribeAsync(service, wav);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("[58.6 s of silence]", answer.GetProperty("text").GetString());
    }

    [Fact]
    public async Task RefusesAnUploadOfMoreThanAHundredMegabytes()
    {
        await using var service = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/speech-to-text")
        {
            Content = Form(new byte[101 << 20]),
            // The refusal comes before the body is sent.
            Headers = { ExpectContinue = true },
        };
        using var response = await service.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("100 MB", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeavesNoFileBehind()
    {
        // This engine answers with the path of the file that it gets.
        await using var service = await StartAsync(new CommandSpeechToText(InstalledTools.Require("echo")));
        var (_, answer) = await TranscribeAsync(service, Sounds.Wav(Sounds.Tone(1)));
        var path = answer.GetProperty("text").GetString()!;
        Assert.EndsWith("speech.wav", path, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
    }

    internal static Task<RunningService> StartAsync(ISpeechToText? engine = null, string? ffmpeg = null, string? espeak = null) =>
        RunningService.StartAsync(VoiceService.Build(0, new VoiceEngines(
            engine ?? new SampleSpeechToText(),
            new RecordingDecoder(ffmpeg is null ? null : new FfmpegDecoder(ffmpeg)),
            espeak is null ? null : new EspeakTextToSpeech(espeak))));

    internal static Task<(HttpStatusCode Status, JsonElement Answer)> TranscribeAsync(RunningService service, byte[] audio) =>
        PostAsync(service, Form(audio));

    internal static MultipartFormDataContent Form(byte[] audio) => new() { { new ByteArrayContent(audio), "audio", "recording" } };

    private static async Task<string> WebmAsync(string ffmpeg, TemporaryFolder folder)
    {
        await File.WriteAllBytesAsync(folder.File("in.wav"), Sounds.Wav([.. Sounds.Silence(1), .. Sounds.Tone(1), .. Sounds.Silence(1)]), Cancel);
        var made = await ChildProcess.RunAsync(ffmpeg,
            ["-loglevel", "error", "-i", folder.File("in.wav"), "-c:a", "libopus", folder.File("out.webm")], null, TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(0, made.ExitCode);
        return folder.File("out.webm");
    }

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> PostAsync(RunningService service, HttpContent content)
    {
        using var response = await service.Http.PostAsync("api/speech-to-text", content, Cancel);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancel));
    }
}
