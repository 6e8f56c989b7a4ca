namespace Gateway.Platform.Tls;

/// <summary>Names of protocols as they travel: each with its length before it (RFC 7301 section 3.1).</summary>
internal readonly ref struct ProtocolList(ReadOnlySpan<byte> names)
{
    private readonly ReadOnlySpan<byte> _names = names;

    /// <summary>Whether it is this one and no other.</summary>
    public bool IsOnly(ReadOnlySpan<byte> name) => _names.Length == name.Length + 1 && _names[0] == name.Length && _names[1..].SequenceEqual(name);

    /// <summary>Finds the first of these that the other list has too.</summary>
    /// <returns>Where its name begins, and its length; nothing when there is none.</returns>
    public Range? FirstIn(ProtocolList other)
    {
        for (var start = 0; start < _names.Length;)
        {
            var end = start + 1 + _names[start];
            if (end > _names.Length)
            {
                return null;
            }

            if (other.Has(_names[(start + 1)..end]))
            {
                return (start + 1)..end;
            }

            start = end;
        }

        return null;
    }

    private bool Has(ReadOnlySpan<byte> name)
    {
        for (var rest = _names; !rest.IsEmpty && rest[0] < rest.Length; rest = rest[(rest[0] + 1)..])
        {
            if (rest.Slice(1, rest[0]).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
