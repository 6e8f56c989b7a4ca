using Backends.Voice;

namespace Gateway.Tests.Backends;

/// <summary>Samples made for a test.</summary>
internal static class Sounds
{
    public const int Rate = 16_000;

    public static short[] Tone(double seconds, int rate = Rate, double level = 0.3) =>
        [.. Enumerable.Range(0, (int)(seconds * rate)).Select(i => (short)(level * 32767 * Math.Sin(2 * Math.PI * 440 * i / rate)))];

    public static short[] Silence(double seconds) => new short[(int)(seconds * Rate)];

    public static byte[] Bytes(IEnumerable<short> samples) => [.. samples.SelectMany(BitConverter.GetBytes)];

    /// <summary>A mono 16-bit WAV file.</summary>
    public static byte[] Wav(IEnumerable<short> samples, int rate = Rate)
    {
        var bytes = Bytes(samples);
        return [.. Recording.Header(rate, (uint)bytes.Length), .. bytes];
    }
}
