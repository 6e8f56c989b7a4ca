namespace Gateway.Platform;

/// <summary>A place where programs look up which root certificates they trust.</summary>
internal interface ITrustStore
{
    /// <summary>For people: which store, and which programs use it.</summary>
    string Name { get; }

    bool Contains(TrustAnchor anchor);

    TrustOutcome Install(TrustAnchor anchor);

    TrustOutcome Remove(TrustAnchor anchor);
}

internal enum TrustStatus
{
    /// <summary>The store was changed.</summary>
    Done,

    /// <summary>The store already was as wanted.</summary>
    Unchanged,

    /// <summary>It takes rights that this process lacks: the commands to run are given.</summary>
    NeedsRights,

    /// <summary>The store could not be changed; the message says why.</summary>
    Failed,

    /// <summary>Nothing here uses this store or the program to change it is missing; the message says so.</summary>
    Skipped,
}

/// <summary>What happened to one store.</summary>
/// <param name="Status">Whether something is left to do.</param>
/// <param name="Message">What was done, or why not.</param>
/// <param name="Commands">What the user can run to have it done; empty when nothing is left to do.</param>
internal sealed record TrustOutcome(TrustStatus Status, string Message, params IReadOnlyList<string> Commands);
