namespace Gateway.Doctor;

/// <summary>One thing that is wrong, in the words that the operator reads.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="What">What is wrong, with its name and place.</param>
/// <param name="Why">What comes of it.</param>
/// <param name="Remedy">What to do, as a sentence without a full stop.</param>
/// <param name="Commands">Lines for a shell that do it; empty where it is no matter of commands.</param>
internal sealed record Finding(Severity Severity, string What, string Why, string Remedy, params IReadOnlyList<string> Commands)
{
    /// <summary>Where something is to be written: <c>gateway.json(14,7)</c>, or <c>/app.js, offset 1042 (line 31)</c>; null where commands do it.</summary>
    public string? Place { get; init; }

    /// <summary>What to write there; null where commands do it.</summary>
    public string? Write { get; init; }

    /// <summary>What stands there now and is to go; null where the new text is added.</summary>
    public string? InsteadOf { get; init; }

    /// <summary>Does what the commands say, for <c>--fix</c>; null where a person has to decide. Gives back what it did, or throws.</summary>
    public Func<string>? Repair { get; init; }
}
