namespace Gateway.Platform;

/// <summary>A certificate database of a user's browser: Chromium's own, or that of one Firefox profile. Changed with certutil.</summary>
internal sealed class NssDatabase(string folder, string programs) : ITrustStore
{
    private const string CertUtil = "certutil";

    // Of the folders that exist all are used; the first is made when there is none.
    private static readonly string[] ChromiumFolders = [".pki/nssdb", ".local/share/pki/nssdb"];

    private static readonly string[] PackagedChromiumFolders =
        ["snap/chromium/current/.pki/nssdb", ".var/app/org.chromium.Chromium/.pki/nssdb", ".var/app/com.google.Chrome/.pki/nssdb"];

    private static readonly string[] FirefoxFolders =
    [
        ".mozilla/firefox",
        ".config/mozilla/firefox",
        "snap/firefox/common/.mozilla/firefox",
        ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ];

    private readonly string _database = "sql:" + folder;

    /// <summary>Installs the program that changes these databases, by this system's own means; null when it is there, or nobody knows how.</summary>
    public static string? InstallCertUtil =>
        ExternalCommand.Exists(CertUtil) ? null
        : ExternalCommand.Exists("apt-get") ? "sudo apt-get install libnss3-tools"
        : ExternalCommand.Exists("dnf") ? "sudo dnf install nss-tools"
        : ExternalCommand.Exists("pacman") ? "sudo pacman -S nss"
        : ExternalCommand.Exists("zypper") ? "sudo zypper install mozilla-nss-tools"
        : ExternalCommand.Exists("brew") ? "brew install nss"
        : null;

    public string Name => $"{programs} ({folder})";

    /// <summary>Whether the browser has made it, or `cert trust` has.</summary>
    public bool Exists => File.Exists(Path.Combine(folder, "cert9.db"));

    /// <summary>The databases of one user, Chromium's first even if it is not there yet.</summary>
    public static IEnumerable<NssDatabase> FindAll(string home)
    {
        var own = ChromiumFolders.Select(path => Path.Combine(home, path)).Where(Directory.Exists).ToArray();
        return (own.Length > 0 ? own : [Path.Combine(home, ChromiumFolders[0])])
            .Concat(PackagedChromiumFolders.Select(path => Path.Combine(home, path)).Where(Directory.Exists))
            .Select(path => new NssDatabase(path, "Chromium and Chrome"))
            .Concat(FirefoxFolders.SelectMany(path => FindFirefox(Path.Combine(home, path))));
    }

    /// <summary>The databases of the Firefox profiles below a folder.</summary>
    public static IEnumerable<NssDatabase> FindFirefox(string profiles) =>
        Directory.Exists(profiles)
            ? Directory.EnumerateDirectories(profiles)
                .Select(profile => new NssDatabase(profile, "Firefox"))
                .Where(database => database.Exists)
            : [];

    public bool Contains(TrustAnchor anchor) =>
        Exists && Run("-V", "-u", "L", "-n", anchor.Label) is { Succeeded: true };

    public TrustOutcome Install(TrustAnchor anchor)
    {
        if (!ExternalCommand.Exists(CertUtil))
        {
            return WithoutCertUtil();
        }

        if (Contains(anchor))
        {
            return new TrustOutcome(TrustStatus.Unchanged, "already trusted");
        }

        if (!Exists)
        {
            MakeFolder();
            var made = Run("-N", "--empty-password");
            if (made is not { Succeeded: true })
            {
                return Failed("the database could not be made", made);
            }
        }

        var result = Run("-A", "-t", "C,,", "-n", anchor.Label, "-i", anchor.Path);
        return result is { Succeeded: true }
            ? new TrustOutcome(TrustStatus.Done, "added; restart the browser if it runs")
            : Failed("it could not be changed", result);
    }

    public TrustOutcome Remove(TrustAnchor anchor)
    {
        if (!Exists)
        {
            return new TrustOutcome(TrustStatus.Unchanged, "was not there");
        }

        if (!ExternalCommand.Exists(CertUtil))
        {
            return WithoutCertUtil();
        }

        if (Run("-L", "-n", anchor.Label) is not { Succeeded: true })
        {
            return new TrustOutcome(TrustStatus.Unchanged, "was not there");
        }

        var result = Run("-D", "-n", anchor.Label);
        return result is { Succeeded: true }
            ? new TrustOutcome(TrustStatus.Done, "removed")
            : Failed("it could not be changed", result);
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private CommandResult? Run(params string[] arguments) =>
        ExternalCommand.Run(CertUtil, [arguments[0], "-d", _database, .. arguments[1..]]);

    private static TrustOutcome Failed(string what, CommandResult? result) =>
        new(TrustStatus.Failed, $"{what}: {result?.Complaint ?? "certutil does not start"}");

    private static TrustOutcome WithoutCertUtil() => new(
        TrustStatus.Skipped,
        "the program certutil is not installed; for browsers install it and run this again",
        InstallCertUtil is { } install ? [install] : []);
}
