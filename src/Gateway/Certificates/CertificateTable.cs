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

    /// <summary>For a handshake that none matches: the first of all; null only when the table is empty.</summary>
    public ServedCertificate? Default => Certificates.Count > 0 ? Certificates[0] : null;

    /// <summary>The certificate for a handshake: the one that matches, else the default one.</summary>
    /// <inheritdoc cref="Match" path="/param"/>
    public ServedCertificate? Select(string? serverName, IPAddress? localAddress) => Match(serverName, localAddress) ?? Default;

    /// <summary>
    /// The certificate for a name or an address: a valid one rather than an expired one, an exact name rather than a wildcard,
    /// then in order of preference; null when none is for it.
    /// </summary>
    /// <param name="serverName">From the client's SNI; null or empty when it sent none, as for an address.</param>
    /// <param name="localAddress">The address that the client connected to; only looked at without SNI.</param>
    public ServedCertificate? Match(string? serverName, IPAddress? localAddress)
    {
        if (string.IsNullOrEmpty(serverName))
        {
            return localAddress is null ? null : Best(ByAddress(localAddress), []);
        }

        // RFC 6066 section 3 forbids addresses as server name, but some clients send them.
        return IPAddress.TryParse(serverName, out var literal) ? Best(ByAddress(literal), []) : ByServerName(serverName);
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
