using System.Collections;

namespace Gateway.Platform;

internal static class ProcessEnvironment
{
    /// <summary>All variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => e.Value is string)
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!);
}
