using Gateway.Certificates;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>A disk that stops for good at its step number N: before it, or with half of it done.</summary>
internal sealed class PowerCut(int step, bool half) : DiskSteps
{
    private int _done;

    /// <summary>How many steps there were up to the cut.</summary>
    public int Steps => _done;

    public override void WriteThrough(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        if (_done + 1 == step && half)
        {
            base.WriteThrough(path, content[..(content.Length / 2)], mode);
        }

        Next();
        base.WriteThrough(path, content, mode);
    }

    public override void Replace(string from, string to)
    {
        Next();
        base.Replace(from, to);
    }

    public override void SyncFolder(string path)
    {
        Next();
        base.SyncFolder(path);
    }

    public override void Delete(string path)
    {
        Next();
        base.Delete(path);
    }

    private void Next()
    {
        if (++_done >= step)
        {
            throw new IOException("The power is off.");
        }
    }
}
