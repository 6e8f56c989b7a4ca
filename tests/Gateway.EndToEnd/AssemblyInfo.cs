using System.Runtime.Versioning;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Publishing;

// Real processes, /proc, network namespaces, Debian's tools.
[assembly: SupportedOSPlatform("linux")]

// Publishing takes a minute: once for all who need the published file.
[assembly: AssemblyFixture(typeof(PublishedGateway))]

[assembly: TestCollectionOrderer(typeof(LongestFirst))]
