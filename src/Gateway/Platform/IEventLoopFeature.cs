namespace Gateway.Platform;

/// <summary>Of a client's connection: how much of what it receives is looked at in the thread of the <see cref="EventLoop"/>.</summary>
internal interface IEventLoopFeature
{
    /// <summary>Bytes that came at once; more goes to the pool. 0, the default, sends everything there.</summary>
    int MostBytes { get; set; }
}
