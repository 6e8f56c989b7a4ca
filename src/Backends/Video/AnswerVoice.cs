using Backends.Voice;

namespace Backends.Video;

/// <summary>The sound of an answer: spoken where espeak-ng is installed, else a short chime.</summary>
internal sealed class AnswerVoice(EspeakTextToSpeech? textToSpeech)
{
    public const int SampleRate = 24_000;

    /// <summary>Mono 16-bit samples at <see cref="SampleRate"/>.</summary>
    public async Task<short[]> SpeakAsync(string text, string voice, CancellationToken cancellationToken)
    {
        if (textToSpeech is null)
        {
            return Chime();
        }
        try
        {
            var wav = await textToSpeech.SpeakAsync(new Utterance(text, voice, Rate: null, Pitch: null), cancellationToken);
            return Decode(wav);
        }
        catch (Exception failure) when (failure is EngineException or AudioException)
        {
            // The words have gone out as text already; a call does not end because its voice failed.
            return Chime();
        }
    }

    /// <summary>Half a second: two notes, a fifth apart, that begin softly and fade out.</summary>
    public static short[] Chime()
    {
        const int note = SampleRate / 4;
        var samples = new short[2 * note];
        for (var i = 0; i < samples.Length; i++)
        {
            var frequency = i < note ? 523.25 : 783.99;
            var time = i % note / (double)SampleRate;
            var envelope = Math.Min(1, time / 0.01) * Math.Exp(-9 * time) * Math.Min(1, (0.25 - time) / 0.02);
            samples[i] = (short)(0.25 * 32767 * envelope * Math.Sin(2 * Math.PI * frequency * time));
        }
        return samples;
    }

    private static short[] Decode(byte[] wav)
    {
        var decoder = WavDecoder.Open(new MemoryStream(wav));
        var samples = new float[wav.Length / sizeof(short)];
        var length = 0;
        for (int count; (count = decoder.Read(samples.AsSpan(length))) > 0;)
        {
            length += count;
        }
        return Resampler.Convert(samples.AsSpan(0, length), decoder.SampleRate, SampleRate);
    }
}
