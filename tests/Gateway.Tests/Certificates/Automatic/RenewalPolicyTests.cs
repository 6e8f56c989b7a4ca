using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Certificates.Automatic;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class RenewalPolicyTests
{
    private static readonly DateTimeOffset Start = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void WithoutAdviceRenewsWhenAThirdOfTheLifeIsLeft()
    {
        var plan = Decide(days: 90);
        Assert.InRange(plan.At, Start.AddDays(60), Start.AddDays(62));
        Assert.Equal("a third of its life is left", plan.Why);
    }

    [Fact]
    public void WithoutAdviceRenewsAShortLivedCertificateAtHalfItsLife()
    {
        var plan = Decide(days: 6);
        Assert.InRange(plan.At, Start.AddDays(3), Start.AddDays(3.2));
        Assert.Equal("half of its life is left", plan.Why);
    }

    [Fact]
    public void RenewsWithinTheWindowThatTheCaAdvises()
    {
        var plan = Decide(days: 90, window: (40, 42));
        Assert.InRange(plan.At, Start.AddDays(40), Start.AddDays(42));
        Assert.Equal("the CA advises it", plan.Why);
    }

    [Fact]
    public void RenewsAtOnceWhenTheWindowIsPast()
    {
        var now = Start.AddDays(10);
        var plan = Decide(days: 90, window: (5, 6), advance: 1, now: now);
        Assert.Equal(now, plan.At);
    }

    [Fact]
    public void AThirtyDayWindowDoesNotRenewAShortLivedCertificateForEver()
    {
        var plan = Decide(days: 6, advance: 30);
        Assert.InRange(plan.At, Start.AddDays(3), Start.AddDays(3.2));
        Assert.True(plan.IsClamped);
    }

    [Fact]
    public void TheOperatorCanPutRenewalOff()
    {
        var plan = Decide(days: 90, advance: 20);
        Assert.Equal(Start.AddDays(70), plan.At);
        Assert.False(plan.IsClamped);
    }

    [Fact]
    public void TheOperatorCannotPutRenewalOffPastTheWindowOfTheCa() =>
        Assert.Equal(Start.AddDays(42), Decide(days: 90, window: (40, 42), advance: 20).At);

    [Fact]
    public void TheThirtyDaysOfTheDocumentationAreNoClampingForNinetyDays() => Assert.False(Decide(days: 90, advance: 30).IsClamped);

    [Fact]
    public void NoAdviceAndNoWishLeavesLessThanATenthOfTheLife()
    {
        Assert.Equal(Start.AddDays(81), Decide(days: 90, advance: 0.001).At);
        Assert.Equal(Start.AddDays(81), Decide(days: 90, window: (200, 300)).At);
    }

    [Fact]
    public void CertificatesOfTheSameAgeAreNotAllRenewedInTheSameMinute()
    {
        var times = Enumerable.Range(0, 100).Select(seed => Decide(days: 90, seed: seed).At).ToList();
        Assert.True(times.Distinct().Count() > 90);
    }

    [Property]
    public Property IsAlwaysAfterHalfTheLifeAndBeforeItsLastTenthUnlessTheCaSaysOtherwise() => Prop.ForAll(
        Gen.Choose(1, 4000).ToArbitrary(),
        Gen.Choose(-1, 5000).ToArbitrary(),
        ArbMap.Default.ArbFor<int>(),
        (hours, advance, seed) =>
        {
            var life = TimeSpan.FromHours(hours);
            var wish = advance < 0 ? (TimeSpan?)null : TimeSpan.FromHours(advance);
            var plan = RenewalPolicy.Decide(Start, Start + life, null, wish, Start, seed);
            return plan.At >= Start + (life / 2) && plan.At <= Start + life - (life / 10);
        });

    [Property]
    public Property NeverWaitsPastTheLastTenthWhateverTheCaSays() => Prop.ForAll(
        Gen.Choose(-5000, 9000).ToArbitrary(),
        Gen.Choose(1, 5000).ToArbitrary(),
        ArbMap.Default.ArbFor<int>(),
        (start, length, seed) =>
        {
            var life = TimeSpan.FromDays(90);
            var window = Window(start / 24.0, (start + length) / 24.0);
            return RenewalPolicy.Decide(Start, Start + life, window, null, Start, seed).At <= Start + life - (life / 10);
        });

    [Property]
    public Property AWishNeverMakesItEarlier() => Prop.ForAll(
        Gen.Choose(1, 4000).ToArbitrary(),
        Gen.Choose(0, 5000).ToArbitrary(),
        ArbMap.Default.ArbFor<int>(),
        (hours, advance, seed) =>
        {
            var end = Start.AddHours(hours);
            return RenewalPolicy.Decide(Start, end, null, TimeSpan.FromHours(advance), Start, seed).At
                >= RenewalPolicy.Decide(Start, end, null, null, Start, seed).At;
        });

    private static RenewalPlan Decide(
        double days, (double Start, double End)? window = null, double? advance = null, DateTimeOffset? now = null, int seed = 1) =>
        RenewalPolicy.Decide(
            Start,
            Start.AddDays(days),
            window is { } given ? Window(given.Start, given.End) : null,
            advance is { } wish ? TimeSpan.FromDays(wish) : null,
            now ?? Start,
            seed);

    private static RenewalWindow Window(double start, double end) => new("id", Start.AddDays(start), Start.AddDays(end), Start);
}
