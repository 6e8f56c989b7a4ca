namespace Backends.Voice;

/// <summary>
/// Brings mono samples to another rate, block by block: to a lower rate by averaging all that falls into one output sample
/// (which keeps most of the aliasing out), to a higher one by straight lines between neighbours.
/// </summary>
internal sealed class Resampler(int sourceRate, int targetRate)
{
    private readonly double _step = (double)sourceRate / targetRate;
    private double _position = 1;
    private double _sum;
    private double _weight;
    private float _previous;

    /// <summary>Appends to <paramref name="output"/> what <paramref name="samples"/> complete.</summary>
    public void Add(ReadOnlySpan<float> samples, List<short> output)
    {
        foreach (var sample in samples)
        {
            if (_step >= 1)
            {
                Average(sample, output);
            }
            else
            {
                // _position is where the next output sample lies between the previous input sample (0) and this one (1).
                for (; _position < 1; _position += _step)
                {
                    output.Add(ToPcm(_previous + (sample - _previous) * _position));
                }
                _position -= 1;
            }
            _previous = sample;
        }
    }

    /// <summary>Brings a whole, short piece to another rate.</summary>
    public static short[] Convert(ReadOnlySpan<float> samples, int sourceRate, int targetRate)
    {
        var output = new List<short>((int)((long)samples.Length * targetRate / sourceRate) + 2);
        new Resampler(sourceRate, targetRate).Add(samples, output);
        return [.. output];
    }

    private void Average(float sample, List<short> output)
    {
        var room = _step - _weight;
        if (room > 1)
        {
            _sum += sample;
            _weight += 1;
            return;
        }
        output.Add(ToPcm((_sum + sample * room) / _step));
        _weight = 1 - room;
        _sum = sample * _weight;
    }

    private static short ToPcm(double sample) => (short)Math.Clamp(Math.Round(sample * 32767), short.MinValue, short.MaxValue);
}
