using Gateway.Configuration;

namespace Gateway.Boundary.Access;

internal enum CredentialKind { None, ApiKey, Basic, Jwt }

/// <summary>What a request was let in by; one of its features from then on.</summary>
/// <param name="Policy">Of the route.</param>
/// <param name="Kind">None where the address alone was asked for.</param>
/// <param name="User">The key's name, the user, or the token's <c>sub</c>; null where there is none.</param>
/// <param name="InAuthorization">Whether the credential stood in the Authorization header.</param>
/// <param name="Token">The token that was accepted; null for other kinds.</param>
internal sealed record Admission(AccessPolicy Policy, CredentialKind Kind, string? User = null, bool InAuthorization = false, string? Token = null);
