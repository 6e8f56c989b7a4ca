namespace Gateway.EndToEnd.Harness;

/// <summary>
/// The ports that <c>gateway dev</c> and the sample services always have. Test classes that use them are in one collection,
/// which runs them one after the other; as root <c>test.sh</c> gives all of them a network namespace of their own, where a
/// gateway that the developer has running does no harm.
/// </summary>
internal static class DevPorts
{
    /// <summary>The collection of the test classes that use these ports.</summary>
    public const string Collection = "the fixed ports";

    public const int Https = 5443;
    public const int SecondHttps = 5444;
    public const int Http = 5080;

    private static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private static readonly int[] All = [Https, SecondHttps, Http, 5001, 5003, 3000];

    public static IReadOnlyList<int> Taken() => [.. All.Where(port => !Ports.IsFree(port))];

    /// <summary>Skips the test where somebody else has one of them.</summary>
    public static async Task RequireFreeAsync()
    {
        // The kernel closes the sockets of a killed process in its own time.
        for (var waited = TimeSpan.Zero; waited < TimeToClose && Taken().Count > 0; waited += Look)
        {
            await Task.Delay(Look, TestContext.Current.CancellationToken);
        }

        var taken = Taken();
        Require.That(taken.Count == 0, $"Something listens on port {string.Join(", ", taken)} already.");
    }
}
