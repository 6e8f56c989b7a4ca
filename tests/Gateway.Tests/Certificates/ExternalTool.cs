using System.Diagnostics;

namespace Gateway.Tests.Certificates;

/// <summary>The real programs that a certificate has to please. A test that needs one which is not installed is skipped.</summary>
internal static class ExternalTool
{
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1));
            return (process.ExitCode, await output + await error);
        }
    }

    /// <summary>A Python that has requests.</summary>
    public static async Task<string> PythonWithRequestsAsync()
    {
        foreach (var python in new[] { "/usr/bin/python3", "python3" })
        {
            if ((python[0] != '/' || File.Exists(python)) && (await RunAsync(python, "-c", "import requests")).ExitCode == 0)
            {
                return python;
            }
        }

        Assert.Skip("python3 with requests is not installed");
        return "";
    }
}
