namespace Backends.Voice;

/// <summary>What the services work with; without espeak-ng <see cref="TextToSpeech"/> is null.</summary>
internal sealed record VoiceEngines(ISpeechToText SpeechToText, RecordingDecoder Decoder, EspeakTextToSpeech? TextToSpeech)
{
    public string TextToSpeechName => TextToSpeech is null ? "unavailable (espeak-ng is not installed)" : EspeakTextToSpeech.Name;

    /// <exception cref="SettingException">A variable has a value that cannot be used.</exception>
    public static VoiceEngines FromEnvironment(Func<string, string?> environment)
    {
        var searchPath = environment("PATH");
        return new VoiceEngines(
            Choose(environment),
            new RecordingDecoder(ChildProcess.Find("ffmpeg", searchPath) is { } ffmpeg ? new FfmpegDecoder(ffmpeg) : null),
            ChildProcess.Find("espeak-ng", searchPath) is { } espeak ? new EspeakTextToSpeech(espeak) : null);
    }

    private static ISpeechToText Choose(Func<string, string?> environment) =>
        (environment("STT_BASE_URL"), environment("STT_COMMAND")) switch
        {
            ({ Length: > 0 }, { Length: > 0 }) => throw new SettingException("STT_BASE_URL and STT_COMMAND are both set; unset one of them"),
            ({ Length: > 0 } url, _) => new EndpointSpeechToText(url, environment("STT_API_KEY"), environment("STT_MODEL")),
            (_, { Length: > 0 } command) => new CommandSpeechToText(command),
            _ => new SampleSpeechToText(),
        };
}
