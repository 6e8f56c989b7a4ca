using System.Net;
using System.Text.Json;
using Backends;
using Backends.Voice;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Backends.Voice;

public sealed class SpeechToTextEnginesTests
{
    private static readonly byte[] Wav = Sounds.Wav(Sounds.Tone(0.5, rate: 44_100), rate: 44_100);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACommandGetsTheWavFileAsItsLastArgumentAndPrintsTheText()
    {
        await using var service = await VoiceServiceTests.StartAsync(new CommandSpeechToText($"'{InstalledTools.Require("head")}' -c \"4\""));
        var (status, answer) = await VoiceServiceTests.TranscribeAsync(service, Wav);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("RIFF", answer.GetProperty("text").GetString());
        Assert.Equal("head", answer.GetProperty("service").GetString());
    }

    [Fact]
    public async Task ACommandThatFailsIsAnUnavailableEngineInItsOwnWords()
    {
        var shell = InstalledTools.Require("sh");
        await using var service = await VoiceServiceTests.StartAsync(new CommandSpeechToText($"{shell} -c \"echo no model found >&2; exit 3\""));
        await AssertUnavailableAsync(service, "no model found");
    }

    [Fact]
    public async Task ACommandThatDoesNotExistIsAnUnavailableEngine()
    {
        await using var service = await VoiceServiceTests.StartAsync(new CommandSpeechToText("/nowhere/whisper --fast"));
        await AssertUnavailableAsync(service, "/nowhere/whisper");
    }

    [Fact]
    public async Task ACommandEndsWhenItsClientLeaves()
    {
        var shell = InstalledTools.Require("sh");
        using var folder = new TemporaryFolder();
        var pipe = folder.File("pipe");
        Assert.Equal(0, (await ChildProcess.RunAsync(InstalledTools.Require("mkfifo"), [pipe], null, TimeSpan.FromSeconds(10), Cancel)).ExitCode);
        // The command and its child hold the pipe open for writing until both are gone.
        await using var service = await VoiceServiceTests.StartAsync(new CommandSpeechToText($"{shell} -c \"exec 9>'{pipe}'; echo started >&9; sleep 1000; true\""));
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var request = service.Http.PostAsync("api/speech-to-text", VoiceServiceTests.Form(Wav), leaving.Token);
        using var reader = await Task.Run(() => new StreamReader(pipe), Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal("started", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Null(await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("whisper \"model")]
    public void ACommandThatIsNoneIsRefusedAtStart(string command) =>
        Assert.Contains(command, Assert.Throws<SettingException>(() => new CommandSpeechToText(command)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AnEndpointGetsTheRecordingAsSixteenKilohertzWavWithKeyAndModel()
    {
        (string? Key, string? Model, byte[] File) got = (null, null, []);
        await using var endpoint = await EndpointAsync(async context =>
        {
            var form = await context.Request.ReadFormAsync(Cancel);
            using var file = new MemoryStream();
            await form.Files["file"]!.CopyToAsync(file, Cancel);
            got = (context.Request.Headers.Authorization, form["model"], file.ToArray());
            await context.Response.WriteAsJsonAsync(new { text = " Hello " }, Cancel);
        });
        await using var service = await VoiceServiceTests.StartAsync(new EndpointSpeechToText($"{endpoint.Address}v1/", "secret", "small"));
        var (status, answer) = await VoiceServiceTests.TranscribeAsync(service, Wav);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Hello", answer.GetProperty("text").GetString());
        Assert.Equal(("Bearer secret", "small"), (got.Key, got.Model));
        Assert.Equal(Sounds.Rate, WavDecoder.Open(new MemoryStream(got.File)).SampleRate);
        Assert.InRange(got.File.Length, 15_900, 16_144);
    }

    [Theory]
    [InlineData(401, "{\"error\":\"bad key\"}", "bad key")]
    [InlineData(200, "not json", "something other")]
    [InlineData(200, "{}", "something other")]
    [InlineData(200, "[]", "something other")]
    public async Task AnEndpointThatAnswersWronglyIsAnUnavailableEngine(int status, string body, string told)
    {
        await using var endpoint = await EndpointAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body, Cancel);
        });
        await using var service = await VoiceServiceTests.StartAsync(new EndpointSpeechToText($"{endpoint.Address}v1", null, null));
        await AssertUnavailableAsync(service, told);
    }

    [Fact]
    public async Task AnEndpointOutOfReachIsAnUnavailableEngine()
    {
        var gone = await EndpointAsync(_ => Task.CompletedTask);
        var address = gone.Address;
        await gone.DisposeAsync();
        await using var service = await VoiceServiceTests.StartAsync(new EndpointSpeechToText($"{address}v1", null, null));
        await AssertUnavailableAsync(service, "out of reach");
    }

    [Theory]
    [InlineData("STT_BASE_URL", "localhost:8000")]
    [InlineData("STT_BASE_URL", "ftp://example.test")]
    [InlineData("STT_COMMAND", "'")]
    public void AValueThatCannotBeUsedIsRefusedAtStart(string variable, string value)
    {
        var refusal = Assert.Throws<SettingException>(() => VoiceEngines.FromEnvironment(name => name == variable ? value : null));
        Assert.StartsWith($"{variable}='{value}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoEnginesAtOnceAreRefusedAtStart() =>
        Assert.Contains("both set", Assert.Throws<SettingException>(() => VoiceEngines.FromEnvironment(name =>
            name switch { "STT_BASE_URL" => "http://localhost", "STT_COMMAND" => "cat", _ => null })).Message, StringComparison.Ordinal);

    private static async Task AssertUnavailableAsync(RunningService service, string told)
    {
        var (status, answer) = await VoiceServiceTests.TranscribeAsync(service, Wav);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        Assert.Contains(told, answer.GetProperty("details").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(answer.GetProperty("suggestion").GetString()!);
    }

    private static Task<RunningService> EndpointAsync(RequestDelegate answer)
    {
        var app = LoopbackHost.CreateBuilder(0, 1 << 20).Build();
        app.MapPost("/v1/audio/transcriptions", answer);
        return RunningService.StartAsync(app);
    }
}
