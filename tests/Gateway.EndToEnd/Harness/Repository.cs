using System.Diagnostics;

namespace Gateway.EndToEnd.Harness;

/// <summary>The clone that the tests were built in, and the programs built with them.</summary>
internal static class Repository
{
    private static readonly DirectoryInfo OutputFolder = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Root { get; } = FindRoot();

    /// <summary>Debug or Release, as this test program was built.</summary>
    public static string BuildConfiguration => OutputFolder.Parent!.Name;

    /// <summary>As it was built; <c>GATEWAY_TESTS_PROGRAM</c> names another one, such as a published file.</summary>
    public static string Gateway => Environment.GetEnvironmentVariable("GATEWAY_TESTS_PROGRAM") ?? Executable("src/Gateway", "gateway");

    public static string Backends => Executable("src/Backends", "backends");

    public static string Bench => Executable("tests/bench/Bench", "bench");

    /// <summary>A file of this project's source, such as <c>clients/upload.py</c>.</summary>
    public static string TestFile(string path) => Path.Combine(Root, "tests/Gateway.EndToEnd", path);

    private static string Executable(string project, string name)
    {
        var path = Path.Combine(Root, project, "bin", BuildConfiguration, OutputFolder.Name, name);
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{path} is not built; run: dotnet build --configuration {BuildConfiguration}", path);
    }

    private static string FindRoot()
    {
        for (var folder = OutputFolder; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return folder.FullName;
            }
        }

        throw new UnreachableException($"no Gateway.sln above {OutputFolder}");
    }
}
