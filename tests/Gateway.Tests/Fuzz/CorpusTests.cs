using Gateway.Fuzz;

namespace Gateway.Tests.Fuzz;

/// <summary>Every input by which the fuzzer has reached new code in a parser; <c>tests/fuzz</c> tells how.</summary>
public sealed class CorpusTests
{
    private static string Folder(string parser) => Path.Combine(ArchitectureTests.RepositoryRoot(), "tests", "fuzz", "corpus", parser);

    public static TheoryData<string> Names => [.. Parsers.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryInputIsReadOrRefused(string parser)
    {
        var files = Directory.GetFiles(Folder(parser));

        Assert.NotEmpty(files);
        Assert.All(files, file => Parsers.All[parser](File.ReadAllBytes(file)));
    }

    [Fact]
    public void EveryFolderHasAParser() =>
        Assert.Equal(Parsers.All.Keys, Directory.GetDirectories(Folder("")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal));
}
