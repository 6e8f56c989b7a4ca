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
    public async Task OfSeveralCreatorsAtOnceOneWins()
    {
        const int Creators = 4;
        using var round = new Barrier(Creators);
        var files = Enumerable.Range(0, 200).Select(i => _folder[$"{i:000}"]).ToArray();

        var won = await Task.WhenAll(Enumerable.Range(0, Creators).Select(creator => Task.Factory.StartNew(
            () => files.Where(file =>
            {
                round.SignalAndWait(TestContext.Current.CancellationToken);
                return AtomicFile.TryCreate(file, [(byte)creator], AtomicFile.Secret);
            }).ToArray(),
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Equal(files, won.SelectMany(own => own).Order(StringComparer.Ordinal));
        Assert.All(won.Index(), own => Assert.All(own.Item, file => Assert.Equal([(byte)own.Index], File.ReadAllBytes(file))));
        Assert.Equal(files.Length, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void AFailureLeavesTheOldFileAndNoRemains()
    {
        Directory.CreateDirectory(_folder["a"]);
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(_folder["a"], "text"u8, AtomicFile.Secret));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }
}
