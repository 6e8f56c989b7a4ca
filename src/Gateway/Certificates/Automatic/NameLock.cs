using System.Diagnostics;
using System.Text.Json;

namespace Gateway.Certificates.Automatic;

/// <summary>Who works on a name, and that he is alive: the beat goes up every few seconds.</summary>
/// <param name="Id">Another at each taking.</param>
/// <param name="Machine">Host and, on Linux, the space that its process ids are in.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="Beat">Goes up while the owner lives.</param>
internal sealed record LockOwner(Guid Id, string Machine, int ProcessId, long Beat);

/// <summary>
/// Keeps two gateways on one state directory from ordering the same certificate. A lock whose beat stands still is taken over;
/// that it does is watched with the own clock alone, for two machines' clocks may differ.
/// </summary>
internal sealed class NameLock(string path, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly string Machine = $"{Environment.MachineName} {ProcessSpace()}".TrimEnd();

    private LockOwner? _seen;
    private long _seenAt;

    /// <summary>Takes the lock, or returns null when another has it; to be called again later.</summary>
    /// <exception cref="IOException">The lock cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The lock cannot be written.</exception>
    public async Task<HeldLock?> TryTakeAsync(CancellationToken cancellationToken)
    {
        AtomicFile.CreateSecretFolder(Path.GetDirectoryName(path)!);
        var mine = new LockOwner(Guid.NewGuid(), Machine, Environment.ProcessId, 0);
        if (AtomicFile.TryCreate(path, Serialize(mine), AtomicFile.Secret))
        {
            return new HeldLock(path, mine, Beat, time);
        }

        var owner = Read(path);
        if (owner is null && !File.Exists(path))
        {
            return null;
        }

        if (owner != _seen)
        {
            (_seen, _seenAt) = (owner, time.GetTimestamp());
        }

        if (!IsGone(owner) && time.GetElapsedTime(_seenAt) < Patience)
        {
            return null;
        }

        if (!TryTakeOver(owner, mine))
        {
            return null;
        }

        // Where files cannot be locked (some network file systems) several may have come through: the last one to write has it, and
        // each waits much longer than writing takes before it looks who that was.
        await Task.Delay(Settling, time, cancellationToken);
        return Read(path) == mine ? new HeldLock(path, mine, Beat, time) : null;
    }

    // Of several that take over at once only the one that holds the door looks and writes.
    private bool TryTakeOver(LockOwner? owner, LockOwner mine)
    {
        using var door = OpenDoor(path + ".takeover");
        if (door is null || Read(path) != owner)
        {
            return false;
        }

        AtomicFile.Write(path, Serialize(mine), AtomicFile.Secret);
        return true;
    }

    private static FileStream? OpenDoor(string door)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = AtomicFile.Secret;
            }

            return new FileStream(door, options);
        }
        catch (IOException) when (File.Exists(door))
        {
            // Another is in it.
            return null;
        }
    }

    public static byte[] Serialize(LockOwner owner) => JsonSerializer.SerializeToUtf8Bytes(owner, AutomaticJson.Default.LockOwner);

    /// <summary>Null when the lock is free or damaged.</summary>
    public static LockOwner? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), AutomaticJson.Default.LockOwner);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    // Only where its process id means the same as here can be said at once that an owner has ended.
    private static bool IsGone(LockOwner? owner)
    {
        if (owner is null || owner.Machine != Machine || owner.ProcessId == Environment.ProcessId)
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(owner.ProcessId);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static string ProcessSpace()
    {
        try
        {
            return File.ResolveLinkTarget("/proc/self/ns/pid", returnFinalTarget: false)?.Name ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
