using Gateway.EndToEnd.Acme;
using Gateway.EndToEnd.Publishing;
using Xunit.Sdk;
using Xunit.v3;

namespace Gateway.EndToEnd.Harness;

/// <summary>Two classes run at a time, and one that begins late and takes long would be alone at the end. The first two get on well: one computes, the other waits.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] First = [nameof(PublishTests), nameof(IssuanceTests), DevPorts.Collection];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(static collection => PlaceOf(collection.TestCollectionDisplayName))];

    private static int PlaceOf(string name) => Array.FindIndex(First, first => name.Contains(first, StringComparison.Ordinal)) is >= 0 and var place ? place : First.Length;
}
