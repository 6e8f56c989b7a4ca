namespace Backends.Voice;

internal enum SpeechChange { Started, Ended }

/// <summary>A change that was heard. Times count from the first sample; for a start, <paramref name="End"/> is the start.</summary>
internal readonly record struct SpeechEvent(SpeechChange Change, TimeSpan Start, TimeSpan End)
{
    public TimeSpan Length => End - Start;
}

/// <summary>
/// Finds speech in 16 kHz mono samples by energy alone: what is clearly louder than the quietest moment of the last
/// six seconds. Sound that goes on evenly for longer than that becomes background by itself.
/// </summary>
internal sealed class SpeechActivity(TimeSpan longest)
{
    public const int SampleRate = 16_000;

    private const int FrameSamples = SampleRate / 50;
    private const int FramesPerBlock = 25;
    private const int Blocks = 12;
    private const double Quiet = -60;
    private const double AboveFloor = 12;
    private const double FaintestSpeech = -46;

    // So far below its loudest moment a sound is its own echo in the room, no longer speech.
    private const double Echo = 25;

    // Shorter than most pauses between sentences, longer than those between words. Also shorter than the
    // silence between the beeps of Chromium's fake microphone (one every 500 ms), so that those come as separate sounds.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(360);

    private readonly double[] _blockFloors = [.. Enumerable.Repeat(Quiet, Blocks)];
    private readonly short[] _frame = new short[FrameSamples];
    private readonly TimeSpan _longest = longest;
    private int _inFrame;
    private long _frames;
    private double _lowest;
    private double _loudest = double.NegativeInfinity;
    private TimeSpan? _start;
    private TimeSpan _end;

    /// <summary>Listens to the next samples and says what changed in them, in order.</summary>
    public IReadOnlyList<SpeechEvent> Add(ReadOnlySpan<short> samples)
    {
        var changes = new List<SpeechEvent>();
        while (!samples.IsEmpty)
        {
            var part = samples[..Math.Min(samples.Length, FrameSamples - _inFrame)];
            part.CopyTo(_frame.AsSpan(_inFrame));
            samples = samples[part.Length..];
            _inFrame += part.Length;
            if (_inFrame == FrameSamples)
            {
                _inFrame = 0;
                Hear(Level(_frame), changes);
            }
        }
        return changes;
    }

    /// <summary>The end of the recording: speech that was going on ends here.</summary>
    public SpeechEvent? Finish() => _start is null ? null : End();

    /// <summary>The level of a piece of sound in dB below full scale, at least -90.</summary>
    public static double Level(ReadOnlySpan<short> samples)
    {
        double sum = 0, squares = 0;
        foreach (var sample in samples)
        {
            sum += sample;
            squares += (double)sample * sample;
        }
        // Cheap sound cards add a constant offset, which is not sound.
        var mean = sum / samples.Length;
        var variance = squares / samples.Length - mean * mean;
        return variance <= 1 ? -90 : 10 * Math.Log10(variance / (32768.0 * 32768.0));
    }

    private void Hear(double level, List<SpeechEvent> changes)
    {
        var now = TimeSpan.FromMilliseconds(_frames * 20);
        var next = now + TimeSpan.FromMilliseconds(20);
        var threshold = Math.Max(Math.Max(Floor(level) + AboveFloor, FaintestSpeech), _loudest - Echo);
        if (level > threshold)
        {
            _end = next;
            _loudest = Math.Max(_loudest, level);
            if (_start is null)
            {
                _start = now;
                changes.Add(new SpeechEvent(SpeechChange.Started, now, now));
            }
        }
        if (_start is { } start && (next - _end >= Pause || next - start >= _longest))
        {
            changes.Add(End());
        }
        _frames++;
    }

    private SpeechEvent End()
    {
        var ended = new SpeechEvent(SpeechChange.Ended, _start!.Value, _end);
        _start = null;
        _loudest = double.NegativeInfinity;
        return ended;
    }

    private double Floor(double level)
    {
        var inBlock = _frames % FramesPerBlock;
        _lowest = inBlock == 0 ? level : Math.Min(_lowest, level);
        var floor = Math.Min(_lowest, _blockFloors.Min());
        if (inBlock == FramesPerBlock - 1)
        {
            _blockFloors[_frames / FramesPerBlock % Blocks] = _lowest;
        }
        return floor;
    }
}
