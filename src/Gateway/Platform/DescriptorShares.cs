namespace Gateway.Platform;

/// <summary>How many file descriptors clients may take, and how many the services' side of their requests.</summary>
internal sealed class DescriptorShares
{
    /// <summary>Fewer than these for connections are worth a warning.</summary>
    public const int Few = 512;

    // Those that answering the first requests loads; each keeps two.
    private const int AssembliesToCome = 6;
    private const int PerAssembly = 2;

    private readonly int _kept;
    private readonly int _end;

    private DescriptorShares(int end, int kept, int forConnections) => (_end, _kept, ForConnections) = (end, kept, forConnections);

    public static DescriptorShares Unlimited { get; } = new(int.MaxValue, 0, int.MaxValue);

    public int ForConnections { get; }

    /// <param name="limit">Of the process.</param>
    /// <param name="taken">By the process itself, before the first connection.</param>
    public static DescriptorShares Of(int limit, int taken)
    {
        var room = limit - taken - (AssembliesToCome * PerAssembly);
        // A thread takes two for a moment, a file or a look at DNS one. Where there is hardly room, half of it.
        var kept = Math.Clamp(room / 2, 4, Math.Clamp(limit / 32, 16, 256));
        return new DescriptorShares(limit - kept, kept, room - kept);
    }

    /// <summary>The first descriptor that no client gets.</summary>
    /// <param name="loaded">Assemblies since the beginning.</param>
    public int EndOfClients(int loaded) => EndOfServices(loaded) - (_kept / 2);

    /// <summary>The first descriptor that no service's connection gets.</summary>
    public int EndOfServices(int loaded) => _end - (_kept == 0 ? 0 : PerAssembly * Math.Max(0, AssembliesToCome - loaded));
}
