namespace Gateway.Configuration;

/// <summary>Where something is written: a place in the file (lines and columns count from 1; 0 means the file as a whole),
/// or an environment variable.</summary>
internal readonly record struct SourceLocation(string File, int Line, int Column, string? Variable = null) : IComparable<SourceLocation>
{
    public static SourceLocation OfVariable(string name) => new("", int.MaxValue, 0, name);

    /// <summary>The order of the file; the environment comes after it.</summary>
    public int CompareTo(SourceLocation other) =>
        (Line, Column).CompareTo((other.Line, other.Column)) is var order and not 0
            ? order
            : string.CompareOrdinal(Variable, other.Variable);

    public override string ToString() =>
        Variable is not null ? $"environment variable {Variable}" : Line == 0 ? File : $"{File}({Line},{Column})";
}
