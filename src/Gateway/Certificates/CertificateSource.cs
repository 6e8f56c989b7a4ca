namespace Gateway.Certificates;

/// <summary>Where a served certificate comes from, in order of preference: what the operator chose by hand first.</summary>
internal enum CertificateSource
{
    File,
    Acme,
    LocalAuthority,
    Temporary,
}
