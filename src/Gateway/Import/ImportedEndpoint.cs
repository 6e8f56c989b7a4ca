namespace Gateway.Import;

/// <summary>An address to listen on.</summary>
internal sealed record ImportedEndpoint(string Name, string Url, string? Comment)
{
    public IReadOnlyList<string> SslProtocols { get; init; } = [];
}
