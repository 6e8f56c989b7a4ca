using Backends;

namespace Gateway.Tests.Backends;

/// <summary>Programs that some facts need; where one is missing the test is skipped by name.</summary>
internal static class InstalledTools
{
    public static string Require(string name)
    {
        var path = ChildProcess.Find(name, Environment.GetEnvironmentVariable("PATH"));
        Assert.SkipWhen(path is null, $"{name} is not installed");
        return path!;
    }
}
