namespace Gateway.Doctor;

/// <summary>How bad a finding is. Only errors make the command end with 1.</summary>
internal enum Severity
{
    /// <summary>Could not be found out, and how it can.</summary>
    Unknown,

    /// <summary>Works now, and will not for everybody or for ever.</summary>
    Warning,

    /// <summary>Somebody is not served, or will not be at the next start.</summary>
    Error,
}
