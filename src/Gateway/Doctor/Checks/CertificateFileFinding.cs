using System.Security.Cryptography;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>What to do about a certificate file that cannot be served.</summary>
internal static class CertificateFileFinding
{
    private const int MostFiles = 200;
    private const int LargestKey = 64 * 1024;

    // As remedies of CertificateFile announce a command.
    private static readonly string[] CommandsBegin = ["run: ", "convert it: "];

    public static Finding Of(Examination examination, CertificateFileOptions options, CertificateFileException e)
    {
        var finding = new Finding(Severity.Error, $"certificate: {e.Path}: {e.Rule}", "the gateway does not start with it", e.Remedy, Command(e)) { Place = options.Location };
        return e switch
        {
            { InnerException: FileNotFoundException or DirectoryNotFoundException } => Missing(examination, options, finding),
            _ when e.Rule.Contains("belong", StringComparison.Ordinal) => WrongKey(options, finding),
            _ when finding.Commands is [var only] && only.Contains("chmod o= ", StringComparison.Ordinal) => finding with
            {
                Why = "whoever has the key can pass for this server, so the gateway refuses it",
                Remedy = "close it to others",
                Repair = () => CloseToOthers(e.Path),
            },
            _ => finding,
        };
    }

    /// <summary>How a certificate in files is renewed by whoever made it.</summary>
    public static (string Remedy, IReadOnlyList<string> Commands) Renewal(CertificateFileOptions options, ServedCertificate certificate) =>
        CertbotName(options.Path) is { } name ? ("renew it; the gateway takes it up by itself", [$"{Examination.Sudo}certbot renew --cert-name {name}"])
        : IsOwnPair(options)
            ? ("make another; the gateway takes it up by itself", [CreateCommand("gateway", options, [.. certificate.Names]) + " --force"])
            : ($"have its issuer ({certificate.Issuer}) renew it and put the new one in its place; the gateway takes it up by itself. Or leave certificates to the gateway: LettuceEncrypt in gateway.json", []);

    /// <summary>Takes from others what they may not have.</summary>
    public static string CloseToOthers(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException();
        }

        File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~(UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute));
        return $"chmod o= {path}";
    }

    private static Finding Missing(Examination examination, CertificateFileOptions options, Finding finding)
    {
        if (CertbotName(options.Path) is { } name)
        {
            return finding with
            {
                Remedy = "have certbot say which certificates there are, and obtain this one again if it is not among them. Or leave certificates to the gateway: LettuceEncrypt in gateway.json",
                Commands = [$"{Examination.Sudo}certbot certificates", $"{Examination.Sudo}certbot certonly --cert-name {name} -d {name}"],
            };
        }

        // Nothing is overwritten: only where neither of the two is there.
        string[] names = [.. PublicNames.Of(examination)];
        return IsOwnPair(options) && !File.Exists(options.Path) && !File.Exists(options.KeyPath)
            ? finding with
            {
                Remedy = $"make one; it vouches for itself, so browsers warn of it. For a trusted one: LettuceEncrypt in gateway.json on a server, `{examination.OwnCommand} dev` on this machine",
                Commands = [CreateCommand(examination.OwnCommand, options, names)],
                Repair = () =>
                {
                    SelfSignedCertificate.Write(Path.GetDirectoryName(Path.GetFullPath(options.Path))!, names, days: 365, examination.Clock);
                    return $"made {options.Path} and {options.KeyPath} for {string.Join(", ", names)}";
                },
            }
            : finding with { Remedy = $"{finding.Remedy}; where the file is:", Commands = [ExternalCommand.ForShell("ls", "-l", Path.GetDirectoryName(Path.GetFullPath(options.Path)) ?? "/")] };
    }

    // The one that does belong to it often lies beside it.
    private static Finding WrongKey(CertificateFileOptions options, Finding finding) => options.KeyPath is { } written && FittingKey(options) is { } key
        ? finding with
        {
            Remedy = "the key that belongs to it is beside it: name that one",
            Place = options.Location,
            Write = $"\"KeyPath\": \"{key}\"",
            InsteadOf = $"\"KeyPath\": \"{written}\"",
        }
        : finding with { Commands = [ExternalCommand.ForShell("openssl", "x509", "-in", options.Path, "-noout", "-subject", "-dates"), ExternalCommand.ForShell("ls", "-l", Path.GetDirectoryName(Path.GetFullPath(options.KeyPath ?? options.Path)) ?? "/")] };

    private static string? FittingKey(CertificateFileOptions options)
    {
        try
        {
            return new[] { options.KeyPath!, options.Path }.Select(p => Path.GetDirectoryName(Path.GetFullPath(p))).OfType<string>().Distinct()
                .SelectMany(folder => Directory.EnumerateFiles(folder).Take(MostFiles))
                .FirstOrDefault(file => new FileInfo(file).Length < LargestKey && Loads(options with { KeyPath = file }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Loads(CertificateFileOptions options)
    {
        try
        {
            new CertificateFile(options).Load();
            return true;
        }
        catch (Exception e) when (e is CertificateFileException or CryptographicException)
        {
            return false;
        }
    }

    private static string[] Command(CertificateFileException e) =>
        CommandsBegin.FirstOrDefault(start => e.Remedy.StartsWith(start, StringComparison.Ordinal)) is { } start
            ? [Examination.Sudo + e.Remedy[start.Length..]]
            : [];

    // As `gateway cert create` names them.
    private static bool IsOwnPair(CertificateFileOptions options) =>
        Path.GetFileName(options.Path) == SelfSignedCertificate.CertificateFileName && Path.GetFileName(options.KeyPath) == SelfSignedCertificate.KeyFileName
        && Path.GetDirectoryName(Path.GetFullPath(options.Path)) == Path.GetDirectoryName(Path.GetFullPath(options.KeyPath!));

    private static string CreateCommand(string program, CertificateFileOptions options, string[] names) =>
        $"{program} cert create --out {ExternalCommand.ForShell(Path.GetDirectoryName(Path.GetFullPath(options.Path))!)}{string.Concat(names.Select(n => " --domain " + ExternalCommand.ForShell(n)))}";

    private static string? CertbotName(string path) =>
        Path.GetFullPath(path).Split('/') is ["", "etc", "letsencrypt", "live", var name, _] ? name : null;
}
