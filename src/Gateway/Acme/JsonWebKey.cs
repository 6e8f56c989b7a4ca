namespace Gateway.Acme;

/// <summary>
/// A public key (RFC 7517). Exactly the required members, declared in lexicographic order: serialized as it stands
/// it is also the text whose hash is the thumbprint (RFC 7638 section 3).
/// </summary>
internal sealed record JsonWebKey
{
    public string? Crv { get; init; }
    public string? E { get; init; }
    public required string Kty { get; init; }
    public string? N { get; init; }
    public string? X { get; init; }
    public string? Y { get; init; }
}
