using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd;

/// <summary>What a fact needs of the machine; where it is missing the test is skipped with the reason, and CI counts that as a failure.</summary>
internal static class Require
{
    /// <summary>A program of the PATH.</summary>
    /// <returns>Its full path.</returns>
    public static string Program(string name, string? package = null)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Append("/usr/sbin")
            .Append("/sbin")
            .Where(Path.IsPathRooted)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed (Debian: apt-get install {package ?? name})");
        return path!;
    }

    /// <summary>A module of the distribution's Python.</summary>
    public static async Task PythonModuleAsync(string name, string package)
    {
        Program("python3");
        var result = await RunningProgram.RunAsync("/usr/bin/python3", ["-c", $"import {name}"]);
        Assert.SkipUnless(result.ExitCode == 0, $"Python's module {name} is not installed (Debian: apt-get install {package})");
    }

    public static void Root(string why) => Assert.SkipUnless(Environment.IsPrivilegedProcess, $"needs root: {why}");
}
