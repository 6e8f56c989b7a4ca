using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Backends.Voice;

/// <summary>No speech model: says truthfully what can be told without one.</summary>
internal sealed class SampleSpeechToText : ISpeechToText
{
    private const int PartsNamed = 5;

    public string Name => "sample (no speech model)";

    public bool HasModel => false;

    public Task<string> TranscribeAsync(Recording recording, CancellationToken cancellationToken)
    {
        var parts = new List<SpeechEvent>();
        var activity = new SpeechActivity(TimeSpan.MaxValue);
        var peak = 0;
        using var file = File.OpenRead(recording.WavPath);
        file.Position = 44;
        var bytes = new byte[8192];
        for (int count; (count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var samples = Samples(bytes.AsSpan(0, count));
            foreach (var sample in samples)
            {
                peak = Math.Max(peak, Math.Abs((int)sample));
            }
            parts.AddRange(activity.Add(samples).Where(change => change.Change == SpeechChange.Ended));
        }
        if (activity.Finish() is { } last)
        {
            parts.Add(last);
        }
        return Task.FromResult(Describe(recording.Duration, peak, parts));
    }

    private static ReadOnlySpan<short> Samples(ReadOnlySpan<byte> bytes)
    {
        var samples = MemoryMarshal.Cast<byte, short>(bytes);
        if (BitConverter.IsLittleEndian)
        {
            return samples;
        }
        var swapped = new short[samples.Length];
        BinaryPrimitives.ReverseEndianness(samples, swapped);
        return swapped;
    }

    private static string Describe(TimeSpan duration, int peak, List<SpeechEvent> parts)
    {
        var length = Seconds(duration);
        if (peak == 0)
        {
            return $"[{length} s of silence]";
        }
        var loudest = Math.Min(20 * Math.Log10(peak / 32767.0), -0.1).ToString("0.0", CultureInfo.InvariantCulture);
        if (parts.Count == 0)
        {
            return $"[{length} s of audio, no speech; loudest moment {loudest} dB]";
        }
        var speech = Seconds(parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Length));
        var where = string.Join(", ", parts.Take(PartsNamed).Select(part => $"{Seconds(part.Start)}-{Seconds(part.End)} s"));
        var more = parts.Count > PartsNamed ? $" and {parts.Count - PartsNamed} more" : "";
        return $"[{length} s of audio, {speech} s of speech at {where}{more}; loudest moment {loudest} dB]";
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
}
