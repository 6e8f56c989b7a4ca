namespace Gateway.Certificates.Automatic;

/// <summary>When a certificate is to be renewed, and why then.</summary>
/// <param name="At">From then on.</param>
/// <param name="Why">For people: "a third of its life is left".</param>
/// <param name="IsClamped">The operator's RenewDaysInAdvance asks for an earlier time than makes sense.</param>
internal sealed record RenewalPlan(DateTimeOffset At, string Why, bool IsClamped = false);

/// <summary>Decides when a certificate is to be renewed: a pure function of the certificate, the CA's advice and the operator's wish.</summary>
internal static class RenewalPolicy
{
    private static readonly TimeSpan ShortLife = TimeSpan.FromDays(10);

    /// <param name="notBefore">The certificate's.</param>
    /// <param name="notAfter">The certificate's.</param>
    /// <param name="window">What the CA advises (RFC 9773); null when it does not.</param>
    /// <param name="renewInAdvance">The operator's RenewDaysInAdvance, which can only put renewal off; null for none.</param>
    /// <param name="now">The time.</param>
    /// <param name="seed">The same for the same certificate, so that a plan stays as it is, and another for each, so that not all
    /// are renewed in the same minute.</param>
    public static RenewalPlan Decide(
        DateTimeOffset notBefore, DateTimeOffset notAfter, RenewalWindow? window, TimeSpan? renewInAdvance, DateTimeOffset now, int seed)
    {
        var life = notAfter - notBefore;
        var fraction = Fraction(seed);

        // Whatever anyone advises or wishes, time must be left for attempts that fail.
        var latest = notAfter - (life / 10);

        RenewalPlan plan;
        DateTimeOffset putOffUntil;
        if (window is not null)
        {
            // RFC 9773 section 4.2: any time in the window, chosen once and evenly; a window in the past tells of trouble.
            if (window.End <= now)
            {
                return new RenewalPlan(now, "the CA asks for it to be replaced at once");
            }

            plan = new RenewalPlan(window.Start + ((window.End - window.Start) * fraction), "the CA advises it");
            putOffUntil = Later(plan.At, window.End);
        }
        else
        {
            plan = life < ShortLife
                ? new RenewalPlan(notAfter - (life / 2) + (life / 50 * fraction), "half of its life is left")
                : new RenewalPlan(notAfter - (life / 3) + (life / 50 * fraction), "a third of its life is left");
            putOffUntil = latest;
        }

        if (renewInAdvance is { } advance)
        {
            var wished = advance < life ? notAfter - advance : notBefore;
            plan = wished > plan.At
                ? new RenewalPlan(Earlier(wished, putOffUntil), "RenewDaysInAdvance says so")
                : plan with { IsClamped = wished < plan.At - (life / 50) };
        }

        return plan.At <= latest ? plan : plan with { At = latest, Why = "a tenth of its life is left" };
    }

    // Knuth's multiplicative hash: neighbouring seeds come out far apart.
    private static double Fraction(int seed) => (uint)(seed * 2654435761L) / (double)uint.MaxValue;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
