using System.Net;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates;

/// <summary>The table against a matcher that is written as the rules read, without any index.</summary>
public sealed class CertificateTableProperties
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static readonly string[] Names =
        ["a.test", "b.a.test", "c.b.a.test", "test", "*.test", "*.a.test", "*.b.a.test", "127.0.0.1", "10.0.0.1", "::1"];

    // Made once: each property picks from them.
    private static readonly ServedCertificate[] Pool =
    [
        .. Names.SelectMany(name => new[] { Now.AddDays(9), Now.AddDays(-1) }.Select(end => TestIssuer.Shared.Serve([name], notBefore: Now.AddDays(-9), notAfter: end))),
        .. Names.Select((name, i) => TestIssuer.Shared.Serve([name, Names[(i + 3) % Names.Length]])),
    ];

    private static readonly string?[] Asked = [null, "", "A.test", "b.a.test.", "x.test", "x.a.test", "x.x.test", "test", "none.example", "127.0.0.1", "*.test"];
    private static readonly IPAddress?[] Locals = [null, IPAddress.Loopback, IPAddress.Parse("::ffff:10.0.0.1"), IPAddress.IPv6Loopback, IPAddress.Parse("10.9.9.9")];

    [Property(MaxTest = 1000)]
    public Property SelectsWhatTheRulesSay()
    {
        var cases =
            from certificates in Gen.Elements(Pool).ListOf()
            from name in Gen.Elements(Asked)
            from local in Gen.Elements(Locals)
            select (certificates, name, local);
        return Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var list = c.certificates.Distinct().ToList();
            var table = CertificateTable.Create(list, new FakeTimeProvider(Now));
            return ReferenceEquals(Expected(list, c.name, c.local), table.Select(c.name, c.local));
        });
    }

    private static ServedCertificate? Expected(List<ServedCertificate> certificates, string? serverName, IPAddress? local)
    {
        var address = string.IsNullOrEmpty(serverName) ? local : IPAddress.TryParse(serverName, out var literal) ? literal : null;
        var name = address is null ? serverName?.TrimEnd('.').ToLowerInvariant() ?? "" : "";
        bool Exact(ServedCertificate c) => address is null ? c.DnsNames.Contains(name) : c.Addresses.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        bool Wildcard(ServedCertificate c) => c.DnsNames.Any(d =>
            d[0] == '*' && name.EndsWith(d[1..], StringComparison.Ordinal) && name.Length > d.Length - 1
            && !name[..(name.Length - d.Length + 1)].Contains('.', StringComparison.Ordinal));

        return certificates
            .Where(c => Exact(c) || Wildcard(c))
            .OrderByDescending(c => c.IsValidAt(Now))
            .ThenByDescending(Exact)
            .FirstOrDefault() ?? certificates.FirstOrDefault();
    }
}
