namespace Gateway.EndToEnd;

/// <summary>
/// What a test needs of the machine. Where it is missing the test is skipped, with the reason; where
/// GATEWAY_TESTS_NO_SKIP=1 says that everything is there, it fails instead.
/// </summary>
internal static class Require
{
    /// <summary>A program on the PATH.</summary>
    /// <returns>Where it is.</returns>
    public static string Tool(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var path = folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        That(path is not null, $"'{name}' is not on the PATH.");
        return path!;
    }

    /// <summary>The rights of root.</summary>
    public static void Root() => That(Environment.IsPrivilegedProcess, "The test needs the rights of root.");

    public static void That(bool condition, string reason)
    {
        if (Environment.GetEnvironmentVariable("GATEWAY_TESTS_NO_SKIP") == "1")
        {
            Assert.True(condition, reason + " GATEWAY_TESTS_NO_SKIP=1 forbids to skip the test.");
        }

        Assert.SkipUnless(condition, reason);
    }
}
