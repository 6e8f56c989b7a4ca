using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Acme;

/// <summary>The CA's directory: where everything is (RFC 8555 section 7.1.1).</summary>
internal sealed record AcmeDirectory
{
    public required Uri NewNonce { get; init; }
    public required Uri NewAccount { get; init; }
    public required Uri NewOrder { get; init; }
    public required Uri RevokeCert { get; init; }
    public required Uri KeyChange { get; init; }

    /// <summary>Renewal information (RFC 9773); null when the CA has none.</summary>
    public Uri? RenewalInfo { get; init; }

    [AllowNull]
    public DirectoryMetadata Meta { get; init => field = value ?? new(); } = new();
}

internal sealed record DirectoryMetadata
{
    public string? TermsOfService { get; init; }
    public string? Website { get; init; }

    /// <summary>The names by which this CA recognizes itself in a CAA record.</summary>
    [AllowNull]
    public IReadOnlyList<string> CaaIdentities { get; init => field = value ?? []; } = [];

    public bool ExternalAccountRequired { get; init; }

    /// <summary>The certificate profiles on offer, name to description; empty when the CA has none.</summary>
    [AllowNull]
    public IReadOnlyDictionary<string, string> Profiles
    {
        get;
        init => field = value ?? ReadOnlyDictionary<string, string>.Empty;
    } = ReadOnlyDictionary<string, string>.Empty;
}
