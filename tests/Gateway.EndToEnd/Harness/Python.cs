namespace Gateway.EndToEnd.Harness;

/// <summary>The distribution's Python, in which many of the gateway's clients are written.</summary>
internal static class Python
{
    private const string Path = "/usr/bin/python3";

    /// <summary>Skips the test where a module is missing.</summary>
    public static async Task RequireAsync(string module)
    {
        Require.That(File.Exists(Path), $"{Path} is not there.");
        var result = await RunningProgram.RunAsync(Path, ["-c", $"import {module}"]);
        Require.That(result.ExitCode == 0, $"Python's module {module} is missing (Debian: apt-get install python3-{module.Replace('_', '-')}).");
    }

    /// <summary>Runs a script of the folder <c>clients</c>.</summary>
    public static Task<ProgramResult> RunAsync(string script, TestFolder folder, params string[] arguments) =>
        RunningProgram.RunAsync(Path, [Repository.TestFile($"clients/{script}"), .. arguments], folder);
}
