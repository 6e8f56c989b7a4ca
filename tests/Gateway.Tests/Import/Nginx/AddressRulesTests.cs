using System.Net;
using FsCheck.Xunit;
using Gateway.Configuration;
using Gateway.Import.Nginx;

namespace Gateway.Tests.Import.Nginx;

public sealed class AddressRulesTests
{
    /// <summary>nginx's own way: the first rule that fits decides, and without one everybody passes.</summary>
    [Property(MaxTest = 500)]
    public void TheTwoSetsDecideAsTheFirstRuleThatFits((bool Allows, byte Low, byte Length)[] rules, bool ends, bool endAllows)
    {
        // All within 10.0.0.0/24, so that they overlap.
        List<(bool Allows, IPNetwork? Range)> list = [.. rules.Select(r => (r.Allows, (IPNetwork?)Range(r.Low, 24 + (r.Length % 9))))];
        if (ends)
        {
            list.Add((endAllows, null));
        }

        var sets = AddressRules.Of(list);

        for (var low = 0; low < 256; low++)
        {
            var address = new IPAddress([10, 0, 0, (byte)low]);
            var expected = list.Where(r => r.Range is null || r.Range.Value.Contains(address)).Select(r => (bool?)r.Allows).FirstOrDefault() ?? true;
            var actual = (sets.Allow.Count == 0 || sets.Allow.Covers(address)) && !sets.Deny.Covers(address);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void DenyAllLetsNobodyInOfEitherFamily()
    {
        var rules = AddressRules.Of([(false, null)]);

        Assert.True(rules.LetsNobodyIn);
        Assert.True(rules.Deny.Covers(IPAddress.Loopback) && rules.Deny.Covers(IPAddress.IPv6Loopback));
    }

    private static IPNetwork Range(byte low, int length)
    {
        var mask = length == 32 ? 0xFF : 0xFF << (32 - length);
        return new IPNetwork(new IPAddress([10, 0, 0, (byte)(low & mask)]), length);
    }
}
