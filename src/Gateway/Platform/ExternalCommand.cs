using System.ComponentModel;
using System.Diagnostics;

namespace Gateway.Platform;

/// <summary>Runs a program of the operating system. Never through a shell.</summary>
internal static class ExternalCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs to the end, for a minute at most. Null when there is no such program.</summary>
    public static CommandResult? Run(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C";

        try
        {
            using var process = Process.Start(start);
            if (process is null)
            {
                return null;
            }

            // A program that asks for a password must not wait for a person who does not see the question.
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                return new CommandResult(-1, "", $"{program} did not end within {Limit.TotalSeconds:0} s");
            }

            return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Whether a program of this name is on the PATH.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>One line that a person can paste into a POSIX shell.</summary>
    public static string ForShell(params IEnumerable<string> words) =>
        string.Join(' ', words.Select(word =>
            word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-:=,+@".Contains(c, StringComparison.Ordinal))
                ? word
                : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}

internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The first line of what the program complained about, or its exit code.</summary>
    public string Complaint =>
        (Error + "\n" + Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault()
        ?? $"exit code {ExitCode}";
}
