using System.Net.Http.Headers;
using System.Text.Json;

namespace Backends.Voice;

/// <summary>Speech to text by an OpenAI-compatible endpoint: POST {STT_BASE_URL}/audio/transcriptions.</summary>
internal sealed class EndpointSpeechToText : ISpeechToText
{
    private const int LongestAnswer = 4 << 20;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromMinutes(2), MaxResponseContentBufferSize = LongestAnswer };
    private readonly Uri _address;
    private readonly string _model;
    private readonly AuthenticationHeaderValue? _authorization;

    /// <exception cref="SettingException">The URL is not an absolute http(s) URL.</exception>
    public EndpointSpeechToText(string baseUrl, string? apiKey, string? model)
    {
        if (!Uri.TryCreate(baseUrl.TrimEnd('/') + "/audio/transcriptions", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new SettingException($"STT_BASE_URL='{baseUrl}' is not a URL; write for example http://127.0.0.1:8000/v1");
        }
        _address = address;
        _model = string.IsNullOrWhiteSpace(model) ? "whisper-1" : model;
        _authorization = string.IsNullOrWhiteSpace(apiKey) ? null : new AuthenticationHeaderValue("Bearer", apiKey.Trim());
    }

    public string Name => $"{_model} at {_address.Host}";

    public bool HasModel => true;

    public async Task<string> TranscribeAsync(Recording recording, CancellationToken cancellationToken)
    {
        try
        {
            await using var wav = File.OpenRead(recording.WavPath);
            using var audio = new StreamContent(wav) { Headers = { ContentType = new MediaTypeHeaderValue("audio/wav") } };
            using var form = new MultipartFormDataContent
            {
                { audio, "file", "speech.wav" },
                { new StringContent(_model), "model" },
                { new StringContent("json"), "response_format" },
            };
            using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = form, Headers = { Authorization = _authorization } };
            using var response = await Http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new EngineException($"{_address} answered {(int)response.StatusCode}: {body[..Math.Min(body.Length, 300)]}");
            }
            using var answer = JsonDocument.Parse(body);
            return answer.RootElement.GetProperty("text").GetString()?.Trim() ?? "";
        }
        catch (HttpRequestException failure)
        {
            throw new EngineException($"{_address} is out of reach: {failure.Message}", failure);
        }
        catch (TaskCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException($"{_address} did not answer within {Http.Timeout.TotalSeconds:0} s", failure);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new EngineException($"{_address} answered something other than {{\"text\": ...}}", failure);
        }
    }
}
