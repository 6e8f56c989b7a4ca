using System.Runtime.InteropServices;

namespace Gateway.Platform;

/// <summary>Ends a process with all that it has started, as a terminal would: SIGTERM first, SIGKILL for what is left.</summary>
internal static partial class UnixProcessTree
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <param name="root">Ended with its descendants, itself excepted when it is this process.</param>
    /// <param name="patience">Between the two signals.</param>
    /// <param name="list">Every process now, with its parent.</param>
    public static async Task StopAsync(int root, TimeSpan patience, Func<IReadOnlyList<(int Id, int Parent)>> list)
    {
        Signal(root, list, Sigterm);
        for (var waited = TimeSpan.Zero; waited < patience && Tree(root, list()).Count > 0; waited += Look)
        {
            await Task.Delay(Look);
        }

        Signal(root, list, Sigkill);
    }

    private static void Signal(int root, Func<IReadOnlyList<(int Id, int Parent)>> list, int signal)
    {
        foreach (var id in Tree(root, list()))
        {
            // It may have ended by now, which is what is wanted.
            _ = Kill(id, signal);
        }
    }

    private static List<int> Tree(int root, IReadOnlyList<(int Id, int Parent)> processes)
    {
        var children = processes.ToLookup(p => p.Parent, p => p.Id);
        var tree = new List<int>();
        var pending = new Stack<int>([root]);
        while (pending.TryPop(out var id))
        {
            foreach (var child in children[id])
            {
                tree.Add(child);
                pending.Push(child);
            }
        }

        if (root != Environment.ProcessId && processes.Any(p => p.Id == root))
        {
            tree.Add(root);
        }

        return tree;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
