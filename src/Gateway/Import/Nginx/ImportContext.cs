namespace Gateway.Import.Nginx;

/// <summary>What the translators of one import share.</summary>
internal sealed class ImportContext(ImportReport report, NginxFiles files, NginxScope http)
{
    public ImportReport Report { get; } = report;

    public NginxFiles Files { get; } = files;

    /// <summary>The block <c>http</c>, or the whole file where it is one of those that are included in it.</summary>
    public NginxScope Http { get; } = http;

    public ImportedConfiguration Output { get; } = new();

    /// <summary>Whether any server has TLS.</summary>
    public bool HasHttps { get; set; }
}
