using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>Where the configuration came from, to read it again.</summary>
/// <param name="Path">The file that is watched.</param>
/// <param name="Read">Reads and validates everything as it was read at the start, the verb's own endpoints included.</param>
internal sealed record ConfigurationSource(string Path, Func<ConfigurationResult> Read);
