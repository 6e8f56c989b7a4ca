using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Faults;

/// <summary>A disk of 64 KB in memory.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static async Task<SmallDisk> MountAsync(string path)
    {
        Require.Root();
        Require.Tool("mount");
        Directory.CreateDirectory(path);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", path);
        return new SmallDisk(path);
    }

    /// <summary>Not one byte more fits.</summary>
    public async Task FillAsync()
    {
        // Without a buffer, which would try once more at its end.
        await using var filler = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var block = new byte[512];
        while (true)
        {
            try
            {
                await filler.WriteAsync(block);
            }
            catch (IOException)
            {
                return;
            }
        }
    }

    public Task MakeReadOnlyAsync() => RunAsync("mount", "-o", "remount,ro", Path);

    public async ValueTask DisposeAsync() => await RunAsync("umount", "--lazy", Path);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var result = await RunningProgram.RunAsync(program, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
