namespace Gateway.Platform;

/// <summary>The process that listens on a port.</summary>
internal sealed record PortOwner(string Name, int ProcessId)
{
    public override string ToString() => $"{Name} (process {ProcessId})";
}
