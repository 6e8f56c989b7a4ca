namespace Gateway.Doctor;

/// <summary>One topic. Looks, and changes nothing.</summary>
internal interface ICheck
{
    /// <summary>One word; also the name in the JSON.</summary>
    string Topic { get; }

    /// <summary>Ends within the time that is given, or is cancelled; may throw: that it could not be told is then the finding.</summary>
    Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken);
}
