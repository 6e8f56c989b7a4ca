using System.Runtime.CompilerServices;

namespace Gateway.Platform;

/// <summary>
/// The threads that wait for sockets, one for each processor (<see cref="Sockets.LinuxEventLoop"/>). To wake a thread of the pool for whatever has
/// come costs, for the bytes of a message that only has to be passed on, as much as the work. Those who ask for it
/// (<see cref="Sockets.PolledSocket.GoesOnInLoop"/>) therefore go on in the loop's own thread, and leave it at once (<see cref="LeaveAsync"/>) unless
/// what they do is short and never blocks: while they are in it, the loop's other sockets wait.
/// </summary>
internal static class EventLoop
{
    /// <summary>Whether anybody may go on in it: only where to log never waits for whoever reads the log.</summary>
    public static bool IsShared { get; set; }

    /// <summary>Whether this code runs in the thread of a loop, or of anything else but the pool.</summary>
    public static bool IsCurrent => !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Goes on in the pool: before files, passwords, or whatever else may take long.</summary>
    /// <returns>Nothing that could be over before it is awaited, with which its caller would stay where it is.</returns>
    public static ConfiguredTaskAwaitable LeaveAsync() =>
        Task.CompletedTask.ConfigureAwait(IsCurrent ? ConfigureAwaitOptions.ForceYielding : ConfigureAwaitOptions.None);
}
