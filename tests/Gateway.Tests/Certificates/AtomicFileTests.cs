using System.Text;
using Gateway.Certificates;

namespace Gateway.Tests.Certificates;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(AtomicFile.Secret)]
    [InlineData(AtomicFile.Public)]
    public void HasItsModeFromTheBeginning(UnixFileMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes");
        AtomicFile.Write(_folder["a"], "text"u8, mode);
        Assert.True(AtomicFile.TryCreate(_folder["b"], "text"u8, mode));
#pragma warning disable CA1416 // Skipped on Windows above.
        Assert.Equal([mode, mode], new[] { "a", "b" }.Select(name => File.GetUnixFileMode(_folder[name])));
#pragma warning restore CA1416
    }

    [Fact]
    public void ReplacesAFileWhole()
    {
        AtomicFile.Write(_folder["a"], "a long text"u8, AtomicFile.Secret);
        AtomicFile.Write(_folder["a"], "short"u8, AtomicFile.Secret);
        Assert.Equal("short", File.ReadAllText(_folder["a"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task AReaderNeverMeetsHalfAFile()
    {
        string[] texts = [new('a', 100_000), new('b', 200_000)];
        AtomicFile.Write(_folder["a"], Encoding.ASCII.GetBytes(texts[0]), AtomicFile.Secret);
        var writing = Task.Run(
            () =>
            {
                for (var i = 0; i < 40; i++)
                {
                    AtomicFile.Write(_folder["a"], Encoding.ASCII.GetBytes(texts[i % 2]), AtomicFile.Secret);
                }
            },
            TestContext.Current.CancellationToken);
        while (!writing.IsCompleted)
        {
            Assert.Contains(File.ReadAllText(_folder["a"]), texts);
        }

        await writing;
    }

    [Fact]
    public void OfSeveralCreatorsOneWins()
    {
        var won = 0;
        Parallel.For(0, 16, i =>
        {
            if (AtomicFile.TryCreate(_folder["a"], Encoding.ASCII.GetBytes($"{i}"), AtomicFile.Secret))
            {
                Interlocked.Increment(ref won);
            }
        });
        Assert.Equal(1, won);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void AFailureLeavesTheOldFileAndNoRemains()
    {
        Directory.CreateDirectory(_folder["a"]);
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(_folder["a"], "text"u8, AtomicFile.Secret));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }
}
