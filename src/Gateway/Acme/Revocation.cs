namespace Gateway.Acme;

/// <summary>Why a certificate is revoked: those codes of RFC 5280 section 5.3.1 that a subscriber may give.</summary>
internal enum RevocationReason
{
    Unspecified = 0,
    KeyCompromise = 1,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
}

/// <summary>RFC 8555 section 7.6.</summary>
internal sealed record RevocationRequest(string Certificate, int? Reason);
