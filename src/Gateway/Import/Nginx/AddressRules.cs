using System.Net;

namespace Gateway.Import.Nginx;

/// <summary>nginx's list of <c>allow</c> and <c>deny</c>, of which the first that fits decides, as two sets of ranges.</summary>
/// <param name="Allow">Empty for everybody.</param>
/// <param name="Deny">Who gets in nowhere.</param>
internal sealed record AddressRules(IReadOnlyList<IPNetwork> Allow, IReadOnlyList<IPNetwork> Deny)
{
    private static readonly IPNetwork[] Everybody = [new(IPAddress.Any, 0), new(IPAddress.IPv6Any, 0)];

    /// <summary>Whom nobody passes.</summary>
    public static AddressRules Nobody { get; } = new([], Everybody);

    public bool IsEmpty => Allow.Count == 0 && Deny.Count == 0;

    public bool LetsNobodyIn => Deny.SequenceEqual(Everybody);

    /// <param name="rules">In their order; null ranges are <c>all</c>.</param>
    public static AddressRules Of(IReadOnlyList<(bool Allows, IPNetwork? Range)> rules)
    {
        List<IPNetwork> allowed = [], denied = [], decided = [];
        foreach (var (allows, range) in rules)
        {
            if (range is null)
            {
                // What follows is never looked at.
                return allows ? new AddressRules([], denied) : allowed.Count == 0 ? Nobody : new AddressRules(allowed, []);
            }

            IEnumerable<IPNetwork> left = [range.Value];
            left = decided.Aggregate(left, (ranges, other) => ranges.SelectMany(r => Without(r, other)).ToArray());
            (allows ? allowed : denied).AddRange(left);
            decided.Add(range.Value);
        }

        return new AddressRules([], denied);
    }

    private static IEnumerable<IPNetwork> Without(IPNetwork range, IPNetwork other)
    {
        if (range.BaseAddress.AddressFamily != other.BaseAddress.AddressFamily || !(range.Contains(other.BaseAddress) || other.Contains(range.BaseAddress)))
        {
            return [range];
        }

        if (other.PrefixLength <= range.PrefixLength)
        {
            return [];
        }

        var bytes = range.BaseAddress.GetAddressBytes();
        bytes[range.PrefixLength / 8] |= (byte)(0x80 >> (range.PrefixLength % 8));
        var length = range.PrefixLength + 1;
        return [.. Without(new IPNetwork(range.BaseAddress, length), other), .. Without(new IPNetwork(new IPAddress(bytes), length), other)];
    }
}
