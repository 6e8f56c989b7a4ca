using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Platform;

/// <summary>
/// The trust store that a Linux distribution keeps for its programs (curl, OpenSSL, Python of the distribution, .NET):
/// roots are put into a folder and a program makes the bundle of them.
/// </summary>
/// <param name="family">Whose way of doing this it is.</param>
/// <param name="folder">Where local roots are put.</param>
/// <param name="extension">What the program wants their names to end in.</param>
/// <param name="bundle">The file that the program makes, with all trusted roots.</param>
/// <param name="update">The program, with its arguments after a root was added.</param>
/// <param name="refresh">The same after one was removed: Debian's leaves dangling links behind unless it starts afresh.</param>
internal sealed class LinuxSystemStore(string family, string folder, string extension, string bundle, string[] update, string[] refresh)
    : ITrustStore
{
    private static readonly LinuxSystemStore[] Known =
    [
        new("Red Hat", "/etc/pki/ca-trust/source/anchors", ".crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", ["update-ca-trust", "extract"], ["update-ca-trust", "extract"]),
        new("Debian", "/usr/local/share/ca-certificates", ".crt",
            "/etc/ssl/certs/ca-certificates.crt", ["update-ca-certificates"], ["update-ca-certificates", "--fresh"]),
        new("Arch", "/etc/ca-certificates/trust-source/anchors", ".crt",
            "/etc/ca-certificates/extracted/tls-ca-bundle.pem", ["update-ca-trust"], ["update-ca-trust"]),
        new("SUSE", "/etc/pki/trust/anchors", ".crt",
            "/var/lib/ca-certificates/ca-bundle.pem", ["update-ca-certificates"], ["update-ca-certificates"]),
    ];

    public string Name => $"the system's trust store ({family}: curl, OpenSSL, .NET, wget)";

    /// <summary>The store of this distribution, told by its folder.</summary>
    public static ITrustStore Detect() =>
        Array.Find(Known, store => Directory.Exists(store.Folder)) ?? (ITrustStore)new UnknownSystemStore();

    private string Folder => folder;

    public bool Contains(TrustAnchor anchor)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(bundle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }

        return roots.Any(root => root.RawDataMemory.Span.SequenceEqual(anchor.Certificate.RawDataMemory.Span));
    }

    public TrustOutcome Install(TrustAnchor anchor)
    {
        if (Contains(anchor))
        {
            return new TrustOutcome(TrustStatus.Unchanged, "already trusted");
        }

        var target = Target(anchor);
        return Change(
            () => CopyForAll(anchor.Path, target),
            $"copied to {target} and {update[0]} run",
            ["install", "-m", "0644", Path.GetFullPath(anchor.Path), target],
            update);
    }

    public TrustOutcome Remove(TrustAnchor anchor)
    {
        var target = Target(anchor);
        return File.Exists(target) || Contains(anchor)
            ? Change(() => File.Delete(target), $"{target} removed and {refresh[0]} run", ["rm", "-f", target], refresh)
            : new TrustOutcome(TrustStatus.Unchanged, "was not there");
    }

    private string Target(TrustAnchor anchor) => Path.Combine(folder, anchor.FileName + extension);

    // The root may lie in its owner's folder as a file for the owner alone; here every user's programs read it.
    private static void CopyForAll(string source, string target)
    {
        File.Copy(source, target, overwrite: true);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    private static TrustOutcome Change(Action change, string done, string[] command, string[] program)
    {
        try
        {
            change();
        }
        catch (UnauthorizedAccessException)
        {
            return new TrustOutcome(
                TrustStatus.NeedsRights,
                "only root may change it",
                ExternalCommand.ForShell(["sudo", .. command]),
                ExternalCommand.ForShell(["sudo", .. program]));
        }
        catch (IOException e)
        {
            return new TrustOutcome(TrustStatus.Failed, e.Message);
        }

        var result = ExternalCommand.Run(program[0], program[1..]);
        return result is { Succeeded: true }
            ? new TrustOutcome(TrustStatus.Done, done)
            : new TrustOutcome(
                TrustStatus.Failed,
                $"{program[0]} failed: {result?.Complaint ?? "there is no such program; install the package ca-certificates"}",
                ExternalCommand.ForShell(["sudo", .. program]));
    }

    private sealed class UnknownSystemStore : ITrustStore
    {
        private static readonly TrustOutcome Unknown = new(
            TrustStatus.Skipped,
            "none of the known folders is here; install the package ca-certificates (p11-kit on some distributions), or add the root by hand");

        public string Name => "the system's trust store";

        public bool Contains(TrustAnchor anchor) => false;

        public TrustOutcome Install(TrustAnchor anchor) => Unknown;

        public TrustOutcome Remove(TrustAnchor anchor) => Unknown;
    }
}
