using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Certificates;

/// <summary>The X.509 extension that binds an authority to names and addresses (RFC 5280 section 4.2.1.10).</summary>
/// <param name="Domains">Permitted: each name and all names below it.</param>
/// <param name="Excluded">Refused although permitted above.</param>
/// <param name="Networks">Permitted addresses.</param>
internal sealed record NameConstraints(IReadOnlyList<string> Domains, IReadOnlyList<string> Excluded, IReadOnlyList<IPNetwork> Networks)
{
    private const string Oid = "2.5.29.30";
    private static readonly Asn1Tag PermittedSubtrees = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag ExcludedSubtrees = new(TagClass.ContextSpecific, 1, isConstructed: true);
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag IPAddressName = new(TagClass.ContextSpecific, 7);

    /// <summary>Reads them back from an authority; null when it has none.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static NameConstraints? Of(X509Certificate2 authority)
    {
        if (authority.Extensions[Oid] is not { } extension)
        {
            return null;
        }

        try
        {
            var (domains, excluded, networks) = (new List<string>(), new List<string>(), new List<IPNetwork>());
            var constraints = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (constraints.HasData)
            {
                var permitted = constraints.PeekTag().HasSameClassAndValue(PermittedSubtrees);
                ReadSubtrees(
                    constraints.ReadSequence(permitted ? PermittedSubtrees : ExcludedSubtrees),
                    permitted ? domains : excluded,
                    networks);
            }

            return new NameConstraints(domains, excluded, networks);
        }
        catch (Exception e) when (e is AsnContentException or ArgumentException)
        {
            throw new CryptographicException("The name constraints are malformed.", e);
        }
    }

    public X509Extension ToExtension()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(PermittedSubtrees))
            {
                WriteDomains(writer, Domains);
                foreach (var network in Networks)
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteOctetString([.. network.BaseAddress.GetAddressBytes(), .. Mask(network)], IPAddressName);
                    }
                }
            }

            if (Excluded.Count > 0)
            {
                using (writer.PushSequence(ExcludedSubtrees))
                {
                    WriteDomains(writer, Excluded);
                }
            }
        }

        return new X509Extension(Oid, writer.Encode(), critical: true);
    }

    /// <summary>Whether clients accept a certificate of the authority for this name, which may be a wildcard.</summary>
    public bool Permits(string name)
    {
        var plain = name.StartsWith("*.", StringComparison.Ordinal) ? name[1..] : name;
        return Domains.Any(domain => Covers(domain, plain)) && !Excluded.Any(domain => Covers(domain, plain));
    }

    public bool Permits(IPAddress address) => Networks.Any(network => network.Contains(address));

    // A leading dot stands for the names below alone.
    private static bool Covers(string domain, string name) =>
        domain.StartsWith('.')
            ? name.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
            : name.Equals(domain, StringComparison.OrdinalIgnoreCase)
                || name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);

    private static void ReadSubtrees(AsnReader subtrees, List<string> domains, List<IPNetwork> networks)
    {
        while (subtrees.HasData)
        {
            var subtree = subtrees.ReadSequence();
            if (subtree.PeekTag().HasSameClassAndValue(DnsName))
            {
                domains.Add(subtree.ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
            }
            else
            {
                var bytes = subtree.ReadOctetString(IPAddressName);
                var half = bytes.Length / 2;
                var length = bytes[half..].Sum(octet => int.PopCount(octet));
                networks.Add(new IPNetwork(new IPAddress(bytes[..half]), length));
            }
        }
    }

    private static void WriteDomains(AsnWriter writer, IReadOnlyList<string> domains)
    {
        foreach (var domain in domains)
        {
            using (writer.PushSequence())
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, domain, DnsName);
            }
        }
    }

    private static byte[] Mask(IPNetwork network)
    {
        var mask = new byte[network.BaseAddress.GetAddressBytes().Length];
        for (var bit = 0; bit < network.PrefixLength; bit++)
        {
            mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return mask;
    }
}
