using Backends.Voice;

namespace Gateway.Tests.Backends.Voice;

public sealed class SpeechActivityTests
{
    [Fact]
    public void TellsWhenSpeechStartsAndEnds()
    {
        var changes = Hear([.. Sounds.Silence(1), .. Sounds.Tone(0.5), .. Sounds.Silence(1)]);
        Assert.Equal([SpeechChange.Started, SpeechChange.Ended], changes.Select(change => change.Change));
        Assert.Equal(TimeSpan.FromSeconds(1), changes[1].Start);
        Assert.Equal(TimeSpan.FromSeconds(0.5), changes[1].Length);
    }

    [Fact]
    public void KeepsWordsWithShortPausesTogether()
    {
        var changes = Hear([.. Sounds.Tone(0.3), .. Sounds.Silence(0.3), .. Sounds.Tone(0.3), .. Sounds.Silence(1)]);
        Assert.Equal(TimeSpan.FromSeconds(0.9), Assert.Single(Ends(changes)).Length);
    }

    [Fact]
    public void HearsEachBeepOfAFakeMicrophone()
    {
        // Chromium's beeps twice a second; what the browser does against echo gives each a tail that fades by 200 dB a second.
        var beep = Sounds.Tone(0.5, level: 0.6);
        for (var i = 640; i < beep.Length; i++)
        {
            beep[i] = (short)(beep[i] * Math.Pow(10, -1 - 10.0 * (i - 640) / Sounds.Rate));
        }
        var beeps = Enumerable.Repeat(beep, 20).SelectMany(samples => samples);
        Assert.Equal(20, Ends(Hear([.. beeps, .. Sounds.Silence(0.5)])).Count());
    }

    [Fact]
    public void EndsSpeechThatDoesNotPause()
    {
        var random = new Random(1);
        // Syllables of different loudness, without a pause that would end them.
        var talk = Enumerable.Range(0, 80).SelectMany(_ => (short[])[.. Sounds.Tone(0.15, level: 0.1 + random.NextDouble() / 3), .. Sounds.Silence(0.1)]);
        var ends = Ends(Hear([.. talk, .. Sounds.Silence(1)])).ToList();
        Assert.True(ends.Count >= 3);
        Assert.All(ends, end => Assert.InRange(end.Length, TimeSpan.Zero, TimeSpan.FromSeconds(6)));
    }

    [Fact]
    public void TakesAnEvenSoundForBackgroundAfterAWhile()
    {
        var changes = Hear(Noise(20));
        Assert.True(Ends(changes).Last().End < TimeSpan.FromSeconds(8));
        Assert.Equal(SpeechChange.Ended, changes[^1].Change);
    }

    [Fact]
    public void HearsSpeechAboveABackground()
    {
        var mixed = Noise(20);
        var voice = Sounds.Tone(1);
        for (var i = 0; i < voice.Length; i++)
        {
            mixed[15 * Sounds.Rate + i] += voice[i];
        }
        var last = Ends(Hear(mixed)).Last();
        Assert.Equal(TimeSpan.FromSeconds(15), last.Start);
        Assert.Equal(TimeSpan.FromSeconds(1), last.Length);
    }

    [Fact]
    public void HearsNothingInSilenceOrAConstantOffset()
    {
        Assert.Empty(Hear(Sounds.Silence(3)));
        Assert.Empty(Hear([.. Enumerable.Repeat((short)9000, 3 * Sounds.Rate)]));
    }

    [Fact]
    public void EndsSpeechWithTheRecording()
    {
        var activity = new SpeechActivity(TimeSpan.MaxValue);
        activity.Add(Sounds.Tone(0.5));
        Assert.Equal(TimeSpan.FromSeconds(0.5), activity.Finish()?.Length);
        Assert.Null(activity.Finish());
    }

    // In odd pieces, as a network brings them.
    private static List<SpeechEvent> Hear(short[] samples)
    {
        var activity = new SpeechActivity(TimeSpan.FromSeconds(6));
        return [.. samples.Chunk(777).SelectMany(piece => activity.Add(piece))];
    }

    private static IEnumerable<SpeechEvent> Ends(IEnumerable<SpeechEvent> changes) => changes.Where(change => change.Change == SpeechChange.Ended);

    private static short[] Noise(double seconds)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, (int)(seconds * Sounds.Rate)).Select(_ => (short)random.Next(-1000, 1001))];
    }
}
