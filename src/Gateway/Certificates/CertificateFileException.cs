namespace Gateway.Certificates;

/// <summary>Why a certificate file cannot be served, and what to do about it.</summary>
internal sealed class CertificateFileException(string path, string rule, string remedy, Exception? cause = null)
    : Exception($"{path}: {rule}; {remedy}", cause)
{
    /// <summary>The file that is wrong.</summary>
    public string Path { get; } = path;

    public string Rule { get; } = rule;

    public string Remedy { get; } = remedy;
}
