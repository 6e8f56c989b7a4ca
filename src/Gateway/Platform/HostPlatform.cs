using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

/// <summary>What differs by operating system; everything else in the gateway is the same everywhere.</summary>
internal abstract class HostPlatform
{
    public static HostPlatform Current { get; } =
        OperatingSystem.IsWindows() ? new WindowsPlatform()
        : OperatingSystem.IsMacOS() ? new MacPlatform()
        : new LinuxPlatform();

    /// <summary>How a PKCS#12 is loaded so that TLS can use its key.</summary>
    public abstract X509KeyStorageFlags KeyStorage { get; }

    /// <summary>Where certificates and keys are kept unless Gateway:StateDirectory says otherwise:
    /// the first folder of systemd's $STATE_DIRECTORY, else the user's own state folder.</summary>
    public string StateDirectory(IReadOnlyDictionary<string, string> environment)
    {
        // systemd separates several StateDirectory= entries with ':'; elsewhere a ':' may be part of a path (C:\...).
        if (environment.TryGetValue("STATE_DIRECTORY", out var value)
            && (OperatingSystem.IsWindows() ? value : value.Split(':')[0]) is { Length: > 0 } first)
        {
            return first;
        }

        return UserStateDirectory(environment);
    }

    /// <summary>A certificate whose private key TLS can use here. May be the one passed in.</summary>
    public abstract X509Certificate2 ImportKey(X509Certificate2 certificate);

    /// <summary>The process that listens on a TCP port, or null when that cannot be found out.</summary>
    public abstract PortOwner? FindPortOwner(int port);

    /// <summary>Whether this process has the right to listen on a TCP port (it may still be in use).</summary>
    public abstract bool MayBind(int port);

    /// <summary>Has the names in a folder written to the disk, where the system does that apart from the files.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public virtual void SyncFolder(string path)
    {
    }

    /// <summary>Who this process is and who may read a file that it could not read, for an error message.</summary>
    public abstract string DescribeAccess(string path);

    /// <summary>The trust stores of this machine and of the user whose home folder is given.</summary>
    public abstract IReadOnlyList<ITrustStore> TrustStores(string home);

    /// <summary>To be called before the first child is started whose whole tree is to be stopped later.</summary>
    public virtual void AdoptOrphans()
    {
    }

    /// <summary>Ends a child process with all that it has started.</summary>
    /// <param name="process">The child; may have ended.</param>
    /// <param name="patience">How long it may take to end by itself where it can be asked to.</param>
    public abstract Task StopTreeAsync(Process process, TimeSpan patience);

    protected abstract string UserStateDirectory(IReadOnlyDictionary<string, string> environment);

    protected static string Home(IReadOnlyDictionary<string, string> environment) =>
        environment.TryGetValue("HOME", out var home) && home.Length > 0
            ? home
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    protected static X509Certificate2 ReimportAsPkcs12(X509Certificate2 certificate, X509KeyStorageFlags storage) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null, storage);
}
