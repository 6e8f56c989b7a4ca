using System.Security.Cryptography.X509Certificates;

namespace Gateway.Tests.Acme.Fake;

/// <summary>How the fake CA behaves right now; every property may be changed at any time.</summary>
internal sealed class FakeAcmeBehaviour
{
    /// <summary>0 to 100: how many good nonces are refused as bad.</summary>
    public int RejectNoncesPercent { get; set; }

    /// <summary>Gives out no nonces but where they are asked for.</summary>
    public bool IsSparingWithNonces { get; set; }

    /// <summary>Drops every connection without an answer.</summary>
    public bool IsDown { get; set; }

    /// <summary>Refuses a request before it is looked at; null lets it pass.</summary>
    public Func<FakeResource, FakeRefusal?>? Refuse { get; set; }

    /// <summary>Awaited before a request is answered: a slow CA, or one that hangs.</summary>
    public Func<FakeResource, CancellationToken, Task>? Hold { get; set; }

    /// <summary>Does what is asked and then drops the connection instead of answering.</summary>
    public Func<FakeResource, bool>? LoseAnswer { get; set; }

    /// <summary>The Retry-After header of good answers: "120", or an HTTP date; null for none.</summary>
    public Func<FakeResource, string?>? RetryAfter { get; set; }

    /// <summary>What the Date header is off from the CA's clock.</summary>
    public TimeSpan ClockOffset { get; set; }

    /// <summary>How long after the answer a validation has its result.</summary>
    public TimeSpan ValidationTime { get; set; }

    /// <summary>How long after its finalization an order has its certificate.</summary>
    public TimeSpan IssuanceTime { get; set; }

    /// <summary>The status that an authorization shows during <see cref="ValidationTime"/>.</summary>
    public string ValidatingStatus { get; set; } = "pending";

    /// <summary>The status that an order shows during <see cref="IssuanceTime"/>.</summary>
    public string ProcessingStatus { get; set; } = "processing";

    /// <summary>The challenges on offer; those of unknown types come without a token.</summary>
    public IReadOnlyList<string> ChallengeTypes { get; set; } = ["http-01", "dns-01", "tls-alpn-01"];

    /// <summary>Orders get the account's valid authorizations of earlier orders.</summary>
    public bool ReusesAuthorizations { get; set; }

    /// <summary>Makes an order invalid at its finalization.</summary>
    public FakeRefusal? IssuanceFailure { get; set; }

    /// <summary>Issues for this name instead of the ordered ones.</summary>
    public string? WrongName { get; set; }

    /// <summary>Issues for a key that nobody asked for.</summary>
    public bool WrongKey { get; set; }

    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>When certificates should be renewed; by default during the day after two thirds of their lives.</summary>
    public Func<X509Certificate2, (DateTimeOffset Start, DateTimeOffset End)> RenewalWindow { get; set; } = certificate =>
    {
        var start = certificate.NotBefore.ToUniversalTime() + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3);
        return (start, start.AddDays(1));
    };

    public string? RenewalExplanation { get; set; }
}
