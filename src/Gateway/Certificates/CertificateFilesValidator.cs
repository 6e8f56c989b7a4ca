using Gateway.Configuration;

namespace Gateway.Certificates;

/// <summary>Loads every configured certificate file as start-up would and reports all that is wrong.</summary>
internal static class CertificateFilesValidator
{
    public static IReadOnlyList<ConfigurationError> Validate(IReadOnlyList<CertificateFileOptions> certificates)
    {
        var errors = new List<ConfigurationError>();
        foreach (var options in certificates)
        {
            try
            {
                new CertificateFile(options).Load();
            }
            catch (CertificateFileException e)
            {
                errors.Add(new ConfigurationError(options.Location, options.ConfigurationPath, e.Path, e.Rule, e.Remedy));
            }
        }

        return errors;
    }
}
