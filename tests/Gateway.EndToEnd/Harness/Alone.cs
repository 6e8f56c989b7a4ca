namespace Gateway.EndToEnd.Harness;

/// <summary>The collection of the test classes that measure time or load a machine by themselves: they run when all others are done.</summary>
[CollectionDefinition(Collection, DisableParallelization = true)]
public sealed class Alone
{
    public const string Collection = "alone";
}
