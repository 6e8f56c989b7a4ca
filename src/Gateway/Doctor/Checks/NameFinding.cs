using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Hosting;

namespace Gateway.Doctor.Checks;

/// <summary>The name or address that is asked is not served, or not under a certificate that is for it.</summary>
internal static class NameFinding
{
    public static Finding WrongName(Examination examination, string name, X509Certificate2 leaf)
    {
        var names = leaf.Extensions["2.5.29.17"] is X509SubjectAlternativeNameExtension san
            ? string.Join(", ", san.EnumerateDnsNames().Concat(san.EnumerateIPAddresses().Select(a => a.ToString())))
            : "no name at all";
        return Remedied(examination, name, $"the certificate that https://{name} shows is not for that name: it is for {names}");
    }

    /// <summary>Under StrictSni.</summary>
    public static Finding Refused(Examination examination, string name) =>
        Remedied(examination, name, $"there is no certificate for {name}, and Gateway:StrictSni refuses names without one");

    public static Finding NoEndpoint(Examination examination, DnsEndPoint asked) => new(
        Severity.Error,
        $"no https endpoint listens on port {asked.Port}: there is {string.Join(", ", examination.Configuration.Endpoints.Select(e => e.Url))}",
        $"https://{asked.Host}:{asked.Port} leads to nothing, or to another program",
        "open one of these, or add an endpoint");

    public static Finding Unreachable(Examination examination, PublicSide side, Exception cause)
    {
        var what = $"{side.Origin.GetLeftPart(UriPartial.Authority)} cannot be reached from this machine: {cause.GetBaseException().Message}";
        return IPAddress.TryParse(side.Host, out var address) && !IPAddress.IsLoopback(address) && examination.Mode == HostMode.Dev
            ? new Finding(Severity.Error, what, "gateway dev listens on this machine alone unless it is told otherwise", "start it for the network", $"{examination.OwnCommand} dev --lan{examination.ConfigArgument}")
            : new Finding(Severity.Error, what, "no client gets an answer there", "look at what the gateway says about its endpoints", $"{examination.OwnCommand} check{examination.ConfigArgument}");
    }

    private static Finding Remedied(Examination examination, string name, string what)
    {
        const string Why = "browsers warn, and refuse wss:// without asking";
        var isAddress = IPAddress.TryParse(name, out _);
        if (examination.Mode == HostMode.Dev)
        {
            return new Finding(
                Severity.Error, what, Why, isAddress ? "start it for the network: then the certificate is for this machine's addresses too" : "use a name that it is for, or start it for the network",
                $"{examination.OwnCommand} dev --lan{examination.ConfigArgument}");
        }

        if (examination.Configuration.Acme is { } acme)
        {
            return new Finding(Severity.Error, what, Why, "add the name to those that certificates are obtained for")
            {
                Place = examination.Configuration.Locate("LettuceEncrypt:DomainNames"),
                Write = $"\"DomainNames\": [ {string.Join(", ", acme.DomainNames.Append(name).Distinct().Select(n => $"\"{n}\""))} ]",
            };
        }

        return examination.Configuration.Certificates.Count > 0
            ? new Finding(Severity.Error, what, Why, $"have a certificate issued that is for {name} as well, or add one of its own to Gateway:Certificates") { Place = examination.Configuration.Locate("Gateway:Certificates") }
            : new Finding(Severity.Error, what, Why, "the local CA certifies local names only; obtain a real certificate")
            {
                Place = examination.Configuration.Locate(""),
                Write = $"\"LettuceEncrypt\": {{ \"AcceptTermsOfService\": true, \"DomainNames\": [ \"{name}\" ], \"EmailAddress\": \"you@example.com\" }}",
            };
    }
}
