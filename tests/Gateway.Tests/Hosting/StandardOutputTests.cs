using System.Text;
using System.Text.Json;
using Gateway.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Hosting;

public sealed class StandardOutputTests : IDisposable
{
    private sealed class Writes : MemoryStream
    {
        public List<string> All { get; } = [];

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (count > 0)
            {
                All.Add(Encoding.UTF8.GetString(buffer, offset, count));
            }
        }
    }

    private readonly Writes _writes = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _writes.Dispose();

    [Fact]
    public void LinesOfAMomentAreOneWrite()
    {
        using var output = new StandardOutput(_writes, _time);
        output.Add("one\n"u8);
        output.Add("two\n"u8);
        Assert.Empty(_writes.All);

        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal("one\ntwo\n", Assert.Single(_writes.All));

        output.Add("three\n"u8);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal("three\n", _writes.All[1]);
    }

    [Fact]
    public void TheLastLinesAreWrittenAtTheEnd()
    {
        using (var output = new StandardOutput(_writes, _time))
        {
            output.Add("last\n"u8);
        }

        Assert.Equal("last\n", Assert.Single(_writes.All));
    }

    [Fact]
    public void LinesThatNobodyTakesAreCountedNotKept()
    {
        using var output = new StandardOutput(_writes, _time);
        var line = new byte[1024 * 1024];
        for (var i = 0; i < 6; i++)
        {
            output.Add(line);
        }

        _time.Advance(TimeSpan.FromMilliseconds(50));
        _time.Advance(TimeSpan.FromMilliseconds(50));

        Assert.Equal(4 * 1024 * 1024, _writes.All[0].Length);
        using var notice = JsonDocument.Parse(_writes.All[1]);
        Assert.StartsWith("2 log lines were lost", notice.RootElement.GetProperty("@m").GetString(), StringComparison.Ordinal);
    }
}
