namespace Gateway.Configuration;

/// <summary>A certificate in files, from <c>Gateway:Certificates</c>, <c>SSL_CERT_PATH</c> or <c>Kestrel:Certificates:Default</c>.</summary>
/// <param name="Path">PEM (chain, possibly with the key) or PFX; relative to the working directory.</param>
/// <param name="KeyPath">PEM private key; null when <paramref name="Path"/> holds it.</param>
/// <param name="Password">Of the PFX or of the encrypted key; never shown.</param>
/// <param name="Location">Where it is written, for messages.</param>
/// <param name="ConfigurationPath"><c>Gateway:Certificates:0</c>, or the variable's name.</param>
internal sealed record CertificateFileOptions(string Path, string? KeyPath, string? Password, string Location, string ConfigurationPath)
{
    /// <summary>Without the password: records print all their members.</summary>
    public override string ToString() => $"{Path} ({ConfigurationPath})";
}
