using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Certificates.Automatic;

/// <summary>The PEM files that say whom to trust as a private CA's own endpoint.</summary>
internal static class TrustedRoots
{
    /// <exception cref="CertificateFileException">There is no certificate to be read.</exception>
    public static X509Certificate2Collection Read(string path)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateFileException(path, "there is no such file", $"correct the path ({Path.GetFullPath(path)}) or put the file there", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateFileException(path, $"it cannot be read: {HostPlatform.Current.DescribeAccess(path)}", "let that user read it", e);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(path, $"a certificate in it is damaged ({e.Message})", "copy the file again from where it came from", e);
        }

        return roots.Count > 0
            ? roots
            : throw new CertificateFileException(path, "there is no certificate in it", "name a PEM file with the root of the CA's endpoint");
    }

    /// <summary>Reads every file as the first order would, and reports all that is wrong.</summary>
    public static IReadOnlyList<ConfigurationError> Validate(GatewayConfiguration configuration)
    {
        var errors = new List<ConfigurationError>();
        foreach (var path in (configuration.Acme?.Issuers ?? []).SelectMany(issuer => issuer.TrustedRoots).Distinct())
        {
            try
            {
                Read(path);
            }
            catch (CertificateFileException e)
            {
                const string Where = "Gateway:Acme:Issuers";
                errors.Add(new ConfigurationError(configuration.Locate(Where), Where, path, e.Rule, e.Remedy));
            }
        }

        return errors;
    }
}
