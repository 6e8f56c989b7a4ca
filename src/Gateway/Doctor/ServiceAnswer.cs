namespace Gateway.Doctor;

/// <summary>How one destination answered when it was asked directly.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Address">As configured.</param>
/// <param name="IsUp">Whether it accepts connections.</param>
internal sealed record ServiceAnswer(string Cluster, string Address, bool IsUp)
{
    /// <summary>The status of an ordinary GET; null when there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>Why there was no answer.</summary>
    public string? Failure { get; init; }

    /// <summary>What the service says the time is, beside what it was here; null when it does not say.</summary>
    public (DateTimeOffset There, DateTimeOffset Here)? Time { get; init; }
}

/// <summary>How a WebSocket's handshake went.</summary>
/// <param name="Path">Where.</param>
/// <param name="Status">Of the answer: 101 when it was opened; null when there was none.</param>
/// <param name="Failure">Why there was no answer, or how it ended too soon; null when it was opened and held.</param>
internal sealed record HandshakeAnswer(string Path, int? Status, string? Failure)
{
    /// <summary>How long it was open.</summary>
    public TimeSpan Held { get; init; }

    public bool IsOpened => Status == 101;
}
