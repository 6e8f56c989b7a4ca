namespace Gateway.Tests.Acme.Fake;

/// <summary>What a fake CA is from the start; what changes in the course of a test is <see cref="FakeAcmeBehaviour"/>.</summary>
internal sealed record FakeAcmeOptions
{
    /// <summary>The clock of the CA: Date headers, validity of certificates, processing times.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Key id to base64url HMAC key; when not empty, new accounts must be bound to one of them.</summary>
    public IReadOnlyDictionary<string, string> ExternalAccountKeys { get; init; } = new Dictionary<string, string>();

    /// <summary>Name to description.</summary>
    public IReadOnlyDictionary<string, string> Profiles { get; init; } = new Dictionary<string, string>();

    public bool HasRenewalInfo { get; init; } = true;

    /// <summary>How many chains beside the first one each certificate can be had with; their roots are "Fake Root 2" and so on.</summary>
    public int AlternateChains { get; init; }

    /// <summary>Looks whether an answer is in place; throws <see cref="FakeRefusal"/> when not. By default everything is.</summary>
    public Func<FakeChallenge, CancellationToken, Task> Validate { get; init; } = (_, _) => Task.CompletedTask;
}
