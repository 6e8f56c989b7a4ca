using System.Runtime.Versioning;

// Real processes, /proc, network namespaces, Debian's tools.
[assembly: SupportedOSPlatform("linux")]
