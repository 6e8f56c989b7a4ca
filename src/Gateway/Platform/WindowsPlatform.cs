using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

internal sealed class WindowsPlatform : HostPlatform
{
    // SChannel cannot use keys that exist in memory only.
    public override X509KeyStorageFlags KeyStorage => X509KeyStorageFlags.UserKeySet;

    public override X509Certificate2 ImportKey(X509Certificate2 certificate) => ReimportAsPkcs12(certificate, KeyStorage);

    public override PortOwner? FindPortOwner(int port) => null;

    public override bool MayBind(int port) => true;

    public override string DescribeAccess(string path) => $"the gateway runs as user '{Environment.UserName}'";

    public override IReadOnlyList<ITrustStore> TrustStores(string home) => [new WindowsRootStore()];

    public override Task StopTreeAsync(Process process, TimeSpan patience)
    {
        // A console program cannot be asked to end from outside here.
        process.Kill(entireProcessTree: true);
        return Task.CompletedTask;
    }

    protected override string UserStateDirectory(IReadOnlyDictionary<string, string> environment) =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "gateway");
}
