using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Certificates;

/// <summary>The extensions of a certificate for a TLS server, which may not sign others.</summary>
internal static class ServerExtensions
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    public static void AddServerExtensions(this Collection<X509Extension> extensions, LocalNames names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names.DnsNames)
        {
            alternatives.AddDnsName(name);
        }

        foreach (var address in names.Addresses)
        {
            alternatives.AddIpAddress(address);
        }

        extensions.Add(alternatives.Build());
        extensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
    }
}
