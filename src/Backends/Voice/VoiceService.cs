using System.Text.Json;

namespace Backends.Voice;

/// <summary>The voice service: speech to text and text to speech over HTTP.</summary>
internal sealed class VoiceService
{
    private const int LargestUpload = 100 << 20;
    private const int RoomForForm = 64 << 10;
    private const int LongestText = 10_000;

    private readonly VoiceEngines _engines;

    private VoiceService(VoiceEngines engines) => _engines = engines;

    /// <param name="port">On 127.0.0.1; 0 takes a free one.</param>
    /// <param name="engines">What listens and what speaks.</param>
    public static WebApplication Build(int port, VoiceEngines engines)
    {
        var service = new VoiceService(engines);
        var app = LoopbackHost.CreateBuilder(port, LargestUpload + RoomForForm).Build();
        app.Use((context, next) => EndWithTheServiceAsync(context, next, app.Lifetime.ApplicationStopping));
        app.MapGet("/health", service.Health);
        app.MapGet("/api/voices", service.VoicesAsync);
        app.MapPost("/api/speech-to-text", service.SpeechToTextAsync);
        app.MapPost("/api/text-to-speech", service.TextToSpeechAsync);
        return app;
    }

    private IResult Health() => Results.Json(new
    {
        status = "ok",
        service = "sample voice service",
        features = new { stt = _engines.SpeechToText.Name, tts = _engines.TextToSpeechName },
        models_loaded = _engines.SpeechToText.HasModel,
    });

    private async Task<IResult> VoicesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var voices = _engines.TextToSpeech is { } engine ? await engine.VoicesAsync(cancellationToken) : [];
            return Results.Json(new { voices = voices.Select(voice => new { id = voice.Id, name = voice.Name, language = voice.Language }) });
        }
        catch (EngineException failure)
        {
            return Unavailable("the list of voices is unavailable", failure.Message, "run espeak-ng --voices on the server to see why");
        }
    }

    private async Task<IResult> SpeechToTextAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var upload = folder.File("upload");
        try
        {
            if (await ReceiveAsync(request, upload, cancellationToken) is { } refusal)
            {
                return refusal;
            }
            var recording = await _engines.Decoder.DecodeAsync(upload, folder, cancellationToken);
            var text = await _engines.SpeechToText.TranscribeAsync(recording, cancellationToken);
            return Results.Json(new { text, service = _engines.SpeechToText.Name });
        }
        catch (AudioException failure)
        {
            return Error(500, failure.Message);
        }
        catch (EngineException failure)
        {
            return Unavailable("speech to text is unavailable", failure.Message,
                "check STT_BASE_URL, STT_API_KEY or STT_COMMAND of the voice service, or unset them for the built-in engine");
        }
    }

    private static async Task<IResult?> ReceiveAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await AudioUpload.SaveAsync(request, path, cancellationToken)
                ? null
                : Error(400, "send multipart/form-data with a file in the field 'audio'");
        }
        catch (BadHttpRequestException failure) when (failure.StatusCode == 413)
        {
            return Error(413, $"the upload is larger than {LargestUpload >> 20} MB");
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException)
        {
            return Error(400, $"the form cannot be read: {failure.Message}");
        }
    }

    private async Task<IResult> TextToSpeechAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        Utterance? utterance;
        try
        {
            utterance = await JsonSerializer.DeserializeAsync<Utterance>(request.Body, JsonSerializerOptions.Web, cancellationToken);
        }
        catch (JsonException)
        {
            return Error(400, "send a JSON object such as {\"text\":\"Hello\"}");
        }
        if (string.IsNullOrWhiteSpace(utterance?.Text))
        {
            return Error(400, "'text' is missing or empty");
        }
        if (utterance.Text.Length > LongestText)
        {
            return Error(400, $"'text' is longer than {LongestText} characters");
        }
        if (_engines.TextToSpeech is not { } engine)
        {
            return Unavailable("text to speech is unavailable", "espeak-ng is not installed",
                "install it (apt-get install espeak-ng, dnf install espeak-ng, brew install espeak-ng) and restart the voice service");
        }
        try
        {
            return Results.Bytes(await engine.SpeakAsync(utterance, cancellationToken), "audio/wav");
        }
        catch (FormatException failure)
        {
            return Error(400, failure.Message);
        }
        catch (EngineException failure)
        {
            return Unavailable("text to speech failed", failure.Message, "try again; if it stays, run espeak-ng on the server to see why");
        }
    }

    // A request whose client left or whose service is stopping must take its child processes with it.
    private static async Task EndWithTheServiceAsync(HttpContext context, RequestDelegate next, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.RequestAborted = ending.Token;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.Response.StatusCode = 503;
        }
    }

    private static IResult Error(int status, string error) => Results.Json(new { error }, statusCode: status);

    private static IResult Unavailable(string error, string details, string suggestion) =>
        Results.Json(new { error, details, suggestion }, statusCode: 503);
}
