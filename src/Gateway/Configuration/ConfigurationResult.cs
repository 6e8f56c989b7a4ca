namespace Gateway.Configuration;

/// <summary>What was read. Valid when <paramref name="Errors"/> is empty; otherwise <paramref name="Configuration"/> is a best effort,
/// so that certificate files can be checked and reported in the same run.</summary>
internal sealed record ConfigurationResult(GatewayConfiguration Configuration, IReadOnlyList<ConfigurationError> Errors);
