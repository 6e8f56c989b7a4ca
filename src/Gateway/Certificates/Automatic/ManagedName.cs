using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>One wanted name with all that is known of it right now.</summary>
internal sealed class ManagedName(AcmeIdentifier identifier, NameLock nameLock, NameState state)
{
    // A clock that is set back by less is not worth mentioning.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LeastAge = TimeSpan.FromDays(1);

    public AcmeIdentifier Identifier => identifier;

    public NameLock Lock => nameLock;

    public NameState State { get; set; } = state;

    /// <summary>The newest certificate; null before the first.</summary>
    public ServedCertificate? Current { get; private set; }

    /// <summary>The directory of the CA that it came from.</summary>
    public Uri? CurrentIssuer { get; private set; }

    /// <summary>Serves on while the newest is not valid yet by this machine's clock, or is yet to come from another CA.</summary>
    public ServedCertificate? Former { get; private set; }

    /// <summary>The stored files as they were last read.</summary>
    public IReadOnlyList<FileStamp> Stamps { get; set; } = [];

    /// <summary>Whether somebody works on it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>When this process last began an attempt, by the clock that nobody can set.</summary>
    public long? AttemptedAt { get; set; }

    /// <summary>When this process last warned of the expiry.</summary>
    public long? WarnedAt { get; set; }

    public bool WasToldOfClamping { get; set; }

    /// <summary>What serves until the next one is there: the newest, or that of a CA which is not wanted any more.</summary>
    public ServedCertificate? Serving => Current ?? Former;

    public IEnumerable<ServedCertificate> Certificates => new[] { Current, Former }.OfType<ServedCertificate>();

    /// <returns>Whether that is another certificate than before.</returns>
    public bool Take(ServedCertificate certificate, Uri issuer)
    {
        if (Current is not null && Current.HasSameChain(certificate))
        {
            return false;
        }

        (Former, Current, CurrentIssuer) = (Current, certificate, issuer);
        return true;
    }

    /// <summary>The newest certificate serves on, yet counts as none: its CA is not wanted any more.</summary>
    public void Outlive() => (Former, Current, CurrentIssuer) = (Current, null, null);

    /// <summary>The CA's advice, if it is about the newest certificate.</summary>
    public RenewalWindow? Window => State.Window is { } window && window.CertificateId == CertificateId ? window : null;

    /// <summary>RFC 9773 section 4.1.</summary>
    public string? CertificateId => Current is null ? null : RenewalInfo.CertificateId(Current.Leaf);

    /// <summary>When something is to be done about the name, and why then.</summary>
    public RenewalPlan Plan(TimeSpan? renewInAdvance, DateTimeOffset now)
    {
        var plan = Current is null ? new RenewalPlan(now, "there is no certificate yet")
            : State.IsAskedFor ? new RenewalPlan(now, "somebody asked for it")
            : Sensible(RenewalPolicy.Decide(Current.NotBefore, Current.NotAfter, Window, renewInAdvance, now, Seed(Current)), Current);
        return State is { Failures: > 0, NextAttempt: { } retry } && retry > plan.At
            ? new RenewalPlan(retry, State.NextReason ?? "the last attempt failed")
            : plan;
    }

    /// <summary>Whether a pause has passed by the clock that nobody can set, however the other one jumps.</summary>
    public bool HasPaused(TimeProvider time) =>
        State.Failures == 0 || AttemptedAt is not { } at || time.GetElapsedTime(at) >= Backoff.Pause(State.Failures, 0);

    /// <summary>The state with times that make sense, when the clock was set back since they were written.</summary>
    public NameState Corrected(DateTimeOffset now)
    {
        if (!(State.LastAttempt > now + Slack) && !(State.LastSuccess > now + Slack))
        {
            return State;
        }

        var pause = State.Failures == 0 ? TimeSpan.Zero : Backoff.Pause(State.Failures, 0);
        return State with
        {
            LastAttempt = now,
            LastOrder = State.LastOrder > now ? now : State.LastOrder,
            LastSuccess = State.LastSuccess > now ? now : State.LastSuccess,
            NextAttempt = State.Failures == 0 ? null : now + pause,
            HoldUntil = State.HoldUntil.Where(hold => hold.Value <= now + Backoff.LongestHold).ToDictionary(),
        };
    }

    // A CA that wants each certificate replaced as soon as it is there must not be obeyed for ever.
    private RenewalPlan Sensible(RenewalPlan plan, ServedCertificate certificate)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        var earliest = State.LastSuccess + (life / 4 < LeastAge ? life / 4 : LeastAge);
        return Window is not null && earliest > plan.At ? new RenewalPlan(earliest.Value, "the CA advises it, so soon again") : plan;
    }

    private static int Seed(ServedCertificate certificate) =>
        BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(certificate.Leaf.RawDataMemory.Span));
}
