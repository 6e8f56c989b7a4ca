using System.Runtime.Versioning;

// /proc, Debian's programs.
[assembly: SupportedOSPlatform("linux")]
