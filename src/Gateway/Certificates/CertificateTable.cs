using System.Collections.Frozen;
using System.Net;

namespace Gateway.Certificates;

/// <summary>Which certificate a handshake gets. Immutable; swapped whole.</summary>
internal sealed class CertificateTable
{
    public static readonly CertificateTable Empty = Create([], TimeProvider.System);

    private readonly TimeProvider _clock;
    private readonly FrozenDictionary<string, ServedCertificate[]> _byName;
    private readonly FrozenDictionary<IPAddress, ServedCertificate[]> _byAddress;

    private CertificateTable(IReadOnlyList<ServedCertificate> certificates, TimeProvider clock)
    {
        Certificates = certificates;
        _clock = clock;
        _byName = Index(certificates, certificate => certificate.DnsNames);
        _byAddress = Index(certificates, certificate => certificate.Addresses.Select(Unmapped));
    }

    /// <summary>All certificates in order of preference.</summary>
    public IReadOnlyList<ServedCertificate> Certificates { get; }

    public static CertificateTable Create(IReadOnlyList<ServedCertificate> inOrderOfPreference, TimeProvider clock) =>
        new(inOrderOfPreference, clock);

    /// <summary>
    /// The certificate for a handshake: a valid one rather than an expired one, an exact name rather than a wildcard,
    /// then in order of preference. Without a match the first of all; null only when the table is empty.
    /// </summary>
    /// <param name="serverName">From the client's SNI; null or empty when it sent none, as for an address.</param>
    /// <param name="localAddress">The address that the client connected to; only looked at without SNI.</param>
    public ServedCertificate? Select(string? serverName, IPAddress? localAddress)
    {
        ServedCertificate? match;
        if (string.IsNullOrEmpty(serverName))
        {
            match = localAddress is null ? null : Best(ByAddress(localAddress), []);
        }
        else if (IPAddress.TryParse(serverName, out var literal))
        {
            // RFC 6066 section 3 forbids addresses as server name, but some clients send them.
            match = Best(ByAddress(literal), []);
        }
        else
        {
            match = ByServerName(serverName);
        }

        return match ?? (Certificates.Count > 0 ? Certificates[0] : null);
    }

    private ServedCertificate? ByServerName(string serverName)
    {
        if (ServerName.Normalize(serverName) is not { } name)
        {
            return null;
        }

        // A wildcard stands for exactly one label, so the name without its first label is all there is to look up.
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var exact = _byName.GetValueOrDefault(name, []);
        var wildcard = dot > 0 ? _byName.GetValueOrDefault("*" + name[dot..], []) : [];
        return Best(exact, wildcard);
    }

    private ServedCertificate? Best(ServedCertificate[] first, ServedCertificate[] second)
    {
        var now = _clock.GetUtcNow();
        return Array.Find(first, certificate => certificate.IsValidAt(now))
            ?? Array.Find(second, certificate => certificate.IsValidAt(now))
            ?? first.FirstOrDefault()
            ?? second.FirstOrDefault();
    }

    private ServedCertificate[] ByAddress(IPAddress address) => _byAddress.GetValueOrDefault(Unmapped(address), []);

    // A dual-stack socket reports an IPv4 connection as ::ffff:a.b.c.d; a scope id never stands in a certificate.
    private static IPAddress Unmapped(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.IsIPv6LinkLocal && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes())
        : address;

    private static FrozenDictionary<TKey, ServedCertificate[]> Index<TKey>(
        IReadOnlyList<ServedCertificate> certificates, Func<ServedCertificate, IEnumerable<TKey>> keys)
        where TKey : notnull =>
        certificates
            .SelectMany(certificate => keys(certificate).Distinct().Select(key => (key, certificate)))
            .GroupBy(pair => pair.key, pair => pair.certificate)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray());
}
