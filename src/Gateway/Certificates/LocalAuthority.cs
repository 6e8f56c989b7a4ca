using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Platform;

namespace Gateway.Certificates;

/// <summary>
/// A certificate authority for this machine alone. Name constraints bind it to local names and private addresses, so that
/// its key is worthless against the rest of the web even where its root is trusted.
/// </summary>
internal sealed class LocalAuthority
{
    private const int RootYears = 10;
    private const string RootFile = "ca.crt";
    private const string KeyFile = "ca.key";

    // Clocks of phones and virtual machines lag.
    private static readonly TimeSpan Backdating = TimeSpan.FromDays(1);

    private static readonly string[] LocalDomains = ["localhost", "local", "test", "internal", "home.arpa"];

    private static readonly IPNetwork[] LocalNetworks =
    [
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("fc00::/7"),
    ];

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly NameConstraints _constraints;
    private readonly LocalLeafFile _leafFile;
    private readonly TimeProvider _clock;
    private ServedCertificate? _leaf;

    private LocalAuthority(string folder, X509Certificate2 root, NameConstraints constraints, TimeProvider clock)
    {
        Root = root;
        RootPath = Path.Combine(folder, RootFile);
        _folder = folder;
        _constraints = constraints;
        _leafFile = new LocalLeafFile(folder, root);
        _clock = clock;
    }

    /// <summary>The root with its private key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The root in PEM form, for a phone, another machine, or the `verify=` of Python's requests.</summary>
    public string RootPath { get; }

    /// <summary>Why the certificate that was issued last is in memory only; null when it is in its file.</summary>
    public LocalAuthorityException? NotKept { get; private set; }

    /// <summary>The root as trust stores take it.</summary>
    public TrustAnchor Anchor => new(Root, RootPath);

    /// <summary>Whether an address is one that the authority may certify.</summary>
    public static bool IsPrivate(IPAddress address) => Array.Exists(LocalNetworks, network => network.Contains(address));

    /// <summary>Opens the authority, or null when none has been made in this state folder yet.</summary>
    /// <exception cref="LocalAuthorityException">Its files are damaged, expired or cannot be read.</exception>
    public static LocalAuthority? TryOpen(string stateDirectory, TimeProvider clock) =>
        File.Exists(RootPathIn(stateDirectory)) ? OpenOrCreate(stateDirectory, clock) : null;

    /// <summary>Opens the authority, after making it when there is none. Several processes at once end with the same one.</summary>
    /// <exception cref="LocalAuthorityException">Its files are damaged, expired or cannot be read or written.</exception>
    public static LocalAuthority OpenOrCreate(string stateDirectory, TimeProvider clock)
    {
        var folder = FolderIn(stateDirectory);
        try
        {
            AtomicFile.CreateSecretFolder(folder);
            return Open(folder, clock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Inaccessible(folder, e);
        }
    }

    /// <summary>
    /// The certificate for these names, from its file while it fits; otherwise a new one is issued, and kept if that is possible: see
    /// <see cref="NotKept"/>. Names outside the authority's constraints are left out: see <see cref="Refuses"/>.
    /// </summary>
    public ServedCertificate LeafFor(LocalNames names)
    {
        var permitted = new LocalNames([.. names.DnsNames.Where(_constraints.Permits)], [.. names.Addresses.Where(_constraints.Permits)]);
        lock (_lock)
        {
            _leaf ??= _leafFile.TryRead();
            if (_leaf is null || !LocalLeafFile.Fits(_leaf, permitted, _clock.GetUtcNow()))
            {
                (_leaf, var pem) = _leafFile.Issue(permitted, _clock.GetUtcNow());
                NotKept = null;
                try
                {
                    _leafFile.Keep(pem);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // To be reached with one that the next start replaces is better than not to be reached.
                    NotKept = Inaccessible(_folder, e);
                }
            }

            return _leaf;
        }
    }

    /// <summary>The certificate that was issued last, whatever its names; null when there is none.</summary>
    public ServedCertificate? IssuedLeaf() => _leafFile.TryRead();

    /// <summary>Whether the authority can issue for a DNS name.</summary>
    public bool Permits(string dnsName) => ServerName.Normalize(dnsName) is { } name && _constraints.Permits(name);

    /// <summary>Those of the names for which the authority cannot issue, such as the machine's name after it was renamed.</summary>
    public IReadOnlyList<string> Refuses(LocalNames names) =>
    [
        .. names.DnsNames.Where(name => !_constraints.Permits(name)),
        .. names.Addresses.Where(address => !_constraints.Permits(address)).Select(address => address.ToString()),
    ];

    /// <summary>Where the root of a state folder's authority lies, if it has one.</summary>
    public static string RootPathIn(string stateDirectory) => Path.Combine(FolderIn(stateDirectory), RootFile);

    private static string FolderIn(string stateDirectory) => Path.Combine(Path.GetFullPath(stateDirectory), "local-ca");

    private static LocalAuthorityException Inaccessible(string folder, Exception cause)
    {
        var reason = cause is UnauthorizedAccessException
            ? $"{HostPlatform.Current.DescribeAccess(folder)}. Run as the user that it belongs to, or set Gateway:StateDirectory to a folder of this user."
            : cause.Message;
        return new LocalAuthorityException($"The local certificate authority in {folder} cannot be read or written: {reason}", cause);
    }

    private static LocalAuthority Open(string folder, TimeProvider clock)
    {
        var rootPath = Path.Combine(folder, RootFile);
        var keyPath = Path.Combine(folder, KeyFile);

        // The key is always written first. A key alone is what a process leaves that was stopped in between (no one can
        // trust a root that never was), and is used; a root alone, looked at first, means that its key was lost.
        if (File.Exists(rootPath) && !File.Exists(keyPath))
        {
            throw Unusable(folder, $"{keyPath} is missing");
        }

        if (!File.Exists(keyPath))
        {
            using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            AtomicFile.TryCreate(keyPath, Encoding.ASCII.GetBytes(fresh.ExportPkcs8PrivateKeyPem() + "\n"), AtomicFile.Secret);
        }

        using var key = ReadKey(folder, keyPath);
        if (!File.Exists(rootPath))
        {
            using var made = CreateRoot(key, clock.GetUtcNow());
            AtomicFile.TryCreate(rootPath, Encoding.ASCII.GetBytes(made.ExportCertificatePem() + "\n"), AtomicFile.Public);
        }

        return Check(folder, rootPath, key, clock);
    }

    private static LocalAuthority Check(string folder, string rootPath, ECDsa key, TimeProvider clock)
    {
        X509Certificate2 root;
        NameConstraints? constraints;
        try
        {
            root = X509Certificate2.CreateFromPem(File.ReadAllText(rootPath));
            constraints = NameConstraints.Of(root);
        }
        catch (CryptographicException e)
        {
            throw Unusable(folder, $"{rootPath} is damaged ({e.Message})", e);
        }

        if (!root.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            throw Unusable(folder, $"{KeyFile} does not belong to {RootFile}");
        }

        if (constraints is null)
        {
            throw Unusable(folder, $"{rootPath} has no name constraints, so it was not made by the gateway");
        }

        var now = clock.GetUtcNow();
        if (new DateTimeOffset(root.NotAfter) <= now)
        {
            throw Unusable(folder, $"{rootPath} expired {root.NotAfter.ToUniversalTime():u}");
        }

        if (new DateTimeOffset(root.NotBefore) > now)
        {
            throw new LocalAuthorityException(
                $"The local certificate authority {rootPath} is valid from {root.NotBefore.ToUniversalTime():u} only, and this machine's clock says {now:u}. Set the clock.");
        }

        return new LocalAuthority(folder, root.CopyWithPrivateKey(key), constraints, clock);
    }

    private static ECDsa ReadKey(string folder, string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Unusable(folder, $"{path} is damaged ({e.Message})", e);
        }
    }

    private static X509Certificate2 CreateRoot(ECDsa key, DateTimeOffset now)
    {
        var machine = LocalNames.MachineName;
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName($"Gateway local CA ({machine}, {now:yyyy-MM-dd})");
        subject.AddOrganizationName("Gateway");

        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(ConstraintsFor(machine).ToExtension());
        return request.CreateSelfSigned(now - Backdating, now.AddYears(RootYears));
    }

    private static NameConstraints ConstraintsFor(string machine)
    {
        var local = new NameConstraints(LocalDomains, [], LocalNetworks);
        return local.Permits(machine)
            ? local

            // A permitted name covers all names below it, and a machine may be called "dev" or "app" like a public
            // top-level domain: what is below the machine's own name is excluded again.
            : local with { Domains = [.. LocalDomains, machine], Excluded = ["." + machine] };
    }

    private static LocalAuthorityException Unusable(string folder, string what, Exception? cause = null) => new(
        $"The local certificate authority cannot be used: {what}. "
        + $"Bring the file back from a backup, or move the folder {folder} away and run this again to have a new authority made, "
        + "which has to be trusted anew on every machine and phone (gateway cert trust).",
        cause);
}
