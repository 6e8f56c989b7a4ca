using System.Runtime.InteropServices;
using System.Text;

namespace Gateway.EndToEnd.Harness;

/// <summary>
/// Everything that came from one program, told by a variable that all of them inherit: a tree of parents would lose
/// whoever outlives its parent.
/// </summary>
internal sealed class ProcessFamily
{
    // Not GATEWAY_*: the gateway reads those as its configuration.
    private const string Variable = "TESTS_FAMILY";
    private const int Sigkill = 9;

    private readonly byte[] _mark;

    public ProcessFamily()
    {
        Name = Guid.NewGuid().ToString("N");
        _mark = Encoding.ASCII.GetBytes($"{Variable}={Name}");
    }

    public string Name { get; }

    public void Mark(IDictionary<string, string?> environment) => environment[Variable] = Name;

    /// <summary>The ids of those that live now.</summary>
    public IReadOnlyList<int> Members() =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Where(id => id > 0 && id != Environment.ProcessId && IsMember(id))];

    /// <summary>What they are, for a message.</summary>
    public IReadOnlyList<string> Describe() => [.. Members().Select(id => $"{id} {CommandLine(id)}")];

    public void Kill()
    {
        // Twice and more: one may have started another between the look and the signal.
        for (var round = 0; round < 10 && Members() is { Count: > 0 } members; round++)
        {
            foreach (var id in members)
            {
                Send(id, Sigkill);
            }
        }
    }

    /// <summary>Sends a signal, such as 15 for SIGTERM.</summary>
    public static void Send(int processId, int signal) => _ = kill(processId, signal);

    private bool IsMember(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/environ").AsSpan().IndexOf(_mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ').Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "(ended)";
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);
}
