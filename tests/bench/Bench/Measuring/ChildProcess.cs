using System.Diagnostics;

namespace Bench.Measuring;

/// <summary>Starts programs.</summary>
internal static class ChildProcess
{
    /// <summary>A server, with its output appended to a file, without a pipe that somebody would have to read.</summary>
    public static Process StartIntoFile(string[] command, string file, IReadOnlyDictionary<string, string> environment)
    {
        // exec: the process is the program itself.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "out=$1; shift; exec \"$@\" >>\"$out\" 2>&1 </dev/null", "sh", file, .. command]);
        // The clients' offer, and what the person has set who measures.
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>With its output by lines.</summary>
    public static Process StartWithOutput(string[] command) =>
        Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;

    /// <summary>The first line of what a program writes to either stream.</summary>
    public static string FirstLine(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0].Trim();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("GATEWAY_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
        || name is "OPENSSL_CONF" or "ENABLE_SSL" or "SSL_CERT_PATH" or "SSL_KEY_PATH" or "STATE_DIRECTORY";
}
