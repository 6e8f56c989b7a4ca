using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Sockets;

/// <summary>What epoll(7) tells of a socket.</summary>
[Flags]
internal enum LinuxEvents : uint
{
    Bytes = 1,
    Room = 4,
    Error = 8,
    HangUp = 0x10,
    End = 0x2000,
    OnChange = 1u << 31,
}

/// <summary>A thread that waits for sockets, one for each processor. Those whose users ask for it (<see cref="PolledSocket.GoesOnInLoop"/>) are served in
/// it, the others in the pool.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class LinuxEventLoop
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;
    private const int Interrupted = 4;
    private const int MostEvents = 256;

    // So many wait for no more than as many others to be served; larger ones take longer to copy than it is worth.
    private const int MostHeld = 32;
    private const int LargestHeld = 4 * 1024;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - sizeof(long);

    // Whose thread this is.
    [ThreadStatic]
    private static LinuxEventLoop? t_current;

    private static uint s_next;

    private static readonly LinuxEventLoop[] All = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(static _ => new LinuxEventLoop())];

    private readonly int _epoll;
    private readonly Lock _lock = new();
    // By descriptor; news of a former connection with the same number are told by its generation.
    private LinuxPolledSocket?[] _sockets = new LinuxPolledSocket?[256];
    private int _lastGeneration;

    // What the sockets of a turn send, until its end.
    private readonly byte[] _held = new byte[MostHeld * LargestHeld];
    private readonly LinuxPolledSocket[] _holding = new LinuxPolledSocket[MostHeld];
    private int _heldCount;
    private int _heldLength;
    private bool _isMoreToServe;

    private LinuxEventLoop()
    {
        _epoll = Create(CloseOnExec);
        if (_epoll < 0)
        {
            throw LinuxSockets.LastError();
        }

        new Thread(Run) { IsBackground = true, Name = "event loop" }.Start();
    }

    /// <summary>Starts them while there are descriptors: a type whose initializer has failed once stays broken.</summary>
    public static void Prepare() => _ = All;

    /// <summary>For a new socket: what is opened in a loop stays with it, so that a client and its service are served by the same processor.</summary>
    public static LinuxEventLoop ForNew() => t_current ?? All[Interlocked.Increment(ref s_next) % (uint)All.Length];

    /// <summary>
    /// Keeps what a socket sends until others of this turn have been served. Each send(2) wakes somebody, who then takes the processor away in the middle of
    /// a request, and leaves the caches full of other things: without that a small request takes a quarter to a third less.
    /// </summary>
    /// <param name="socket">Has nothing held yet; its <see cref="LinuxPolledSocket.SendHeld"/> is called soon.</param>
    /// <param name="bytes">What it sends.</param>
    /// <param name="held">The same until then.</param>
    /// <returns>False where it has to be sent at once.</returns>
    public static bool TryHold(LinuxPolledSocket socket, ReadOnlySpan<byte> bytes, ref ReadOnlyMemory<byte> held)
    {
        if (t_current is not { _isMoreToServe: true, _heldCount: < MostHeld } loop || bytes.Length > LargestHeld)
        {
            return false;
        }

        var copy = loop._held.AsMemory(loop._heldLength, bytes.Length);
        bytes.CopyTo(copy.Span);
        held = copy;
        loop._heldLength += bytes.Length;
        loop._holding[loop._heldCount++] = socket;
        return true;
    }

    public void Watch(int descriptor, LinuxPolledSocket socket, bool isWatched, bool forRoom)
    {
        lock (_lock)
        {
            if (descriptor >= _sockets.Length)
            {
                Array.Resize(ref _sockets, Math.Max(descriptor + 1, 2 * _sockets.Length));
            }

            _sockets[descriptor] = socket;
            socket.Generation = isWatched ? socket.Generation : ++_lastGeneration;
        }

        var events = LinuxEvents.OnChange | LinuxEvents.Bytes | LinuxEvents.End | (forRoom ? LinuxEvents.Room : 0);
        var description = stackalloc byte[16];
        *(uint*)description = (uint)events;
        *(ulong*)(description + DataOffset) = (ulong)(uint)socket.Generation << 32 | (uint)descriptor;
        if (Control(_epoll, isWatched ? Modify : Add, descriptor, description) < 0)
        {
            throw LinuxSockets.LastError();
        }
    }

    /// <summary>It is about to be closed, with which the kernel forgets it too.</summary>
    public void Forget(int descriptor, LinuxPolledSocket socket)
    {
        lock (_lock)
        {
            if (_sockets[descriptor] == socket)
            {
                _sockets[descriptor] = null;
            }
        }
    }

    private void Run()
    {
        t_current = this;
        var events = (byte*)NativeMemory.Alloc((nuint)(MostEvents * EventSize));
        while (true)
        {
            var count = Wait(_epoll, events, MostEvents, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw LinuxSockets.LastError();
            }

            for (var i = 0; i < count; i++)
            {
                _isMoreToServe = i < count - 1 || _heldCount > 0;
                var description = events + (i * EventSize);
                var data = *(ulong*)(description + DataOffset);
                if (Volatile.Read(ref _sockets)[(int)(uint)data] is { } socket && socket.Generation == (int)(data >> 32))
                {
                    socket.OnEvents((LinuxEvents)(*(uint*)description));
                }

                if (_heldCount == MostHeld || i == count - 1)
                {
                    SendHeld();
                }
            }
        }
    }

    private void SendHeld()
    {
        for (var i = 0; i < _heldCount; i++)
        {
            _holding[i].SendHeld();
            _holding[i] = null!;
        }

        (_heldCount, _heldLength) = (0, 0);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int descriptor, byte* description);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, byte* events, int most, int timeout);
}
