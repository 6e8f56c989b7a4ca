using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Gateway.Platform;

/// <summary>
/// The threads in which .NET waits for sockets, one for each processor. By itself it wakes a thread of the pool for whatever has come; where
/// that is the bytes of a message and all there is to do is to pass them on, the waking costs as much as the work. Here those who wait for a
/// socket go on in the loop's own thread, and leave it at once (<see cref="Task.Yield"/>) unless what they do is short and never blocks:
/// while they are in it, the loop's other sockets wait.
/// </summary>
internal static class EventLoop
{
    private const string Setting = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Whether this code runs in the thread of a loop, or of anything else but the pool.</summary>
    public static bool IsCurrent => !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>What was begun, and its user goes on in the pool.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask LeaveAfterAsync(ValueTask begun)
    {
        try
        {
            await begun;
        }
        finally
        {
            if (IsCurrent)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>The same for what has a result.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<T> LeaveAfterAsync<T>(ValueTask<T> begun)
    {
        try
        {
            return await begun;
        }
        finally
        {
            if (IsCurrent)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Has it so for this process. Before the first socket waits; afterwards it changes nothing.</summary>
    public static void Share()
    {
        // On Windows the pool itself waits for sockets.
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable(Setting) is not null)
        {
            return;
        }

        // .NET reads the variable when the first socket waits. Programs that the gateway starts must not inherit it.
        Environment.SetEnvironmentVariable(Setting, "1");
        using (var first = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified))
        {
            _ = first.ReceiveAsync(new byte[1]);
        }

        Environment.SetEnvironmentVariable(Setting, null);
    }
}
