using System.Net;
using System.Net.Sockets;
using Gateway.Certificates;
using Gateway.Hosting;

namespace Gateway.Doctor.Checks;

/// <summary>Whether each domain leads to this host, and its ports answer at that address.</summary>
internal sealed class DnsCheck : ICheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public string Topic => "dns";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        string[] names = [.. PublicNames.Domains(examination.Configuration).Concat(examination.Asked is { } asked ? [asked.Host] : []).Where(IsDomain).Distinct(StringComparer.OrdinalIgnoreCase)];
        if (names.Length == 0 || examination.Mode == HostMode.Dev)
        {
            return CheckResult.NotApplicable(examination.Mode == HostMode.Dev ? "gateway dev serves this machine and its network" : "no domain is configured");
        }

        var own = examination.OwnAddresses().ToHashSet();
        var findings = await Task.WhenAll(names.Select(name => LookAsync(examination, name, own, cancellationToken)));
        return new CheckResult($"{string.Join(", ", names)} lead{(names.Length == 1 ? "s" : "")} here", findings.SelectMany(f => f).ToList());
    }

    private static async Task<IEnumerable<Finding>> LookAsync(Examination examination, string name, HashSet<IPAddress> own, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        IPAddress[] addresses;
        try
        {
            // The system's resolver cannot be cancelled.
            addresses = await examination.Resolve(name, limited.Token).WaitAsync(limited.Token);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return [Unknown(name, own, examination)];
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return [new Finding(
                Severity.Unknown, $"where {name} leads could not be told: {(e is SocketException ? e.Message : $"DNS did not answer within {Patience.TotalSeconds:0} s")}",
                "this machine gets no answer from its DNS server", "see what that server says", $"getent ahosts {name}")];
        }

        return await JudgeAsync(examination, name, addresses, own, cancellationToken);
    }

    private static async Task<IEnumerable<Finding>> JudgeAsync(Examination examination, string name, IPAddress[] addresses, HashSet<IPAddress> own, CancellationToken cancellationToken)
    {
        var elsewhere = addresses.Where(a => !own.Contains(a) && !IPAddress.IsLoopback(a)).ToArray();
        var here = addresses.Where(own.Contains).ToArray();
        if (addresses.All(IPAddress.IsLoopback))
        {
            return [new Finding(
                Severity.Unknown, $"{name} leads to {string.Join(", ", addresses.Select(a => a.ToString()))} on this machine, by a line in /etc/hosts", "what others are told cannot be seen from here",
                "ask a server that others ask", $"dig +short {name} A {name} AAAA @1.1.1.1")];
        }

        var reached = await Task.WhenAll(here.SelectMany(address => Ports(examination).Select(port => ReachAsync(name, address, port, isOwn: true, cancellationToken))));
        var findings = reached.OfType<Finding>().ToList();
        if (elsewhere.Length == 0)
        {
            return findings;
        }

        var there = string.Join(", ", elsewhere.Select(a => a.ToString()));
        // Behind a router or a load balancer the name rightly leads to that one's address.
        if (!own.Any(IsPublic) || examination.Configuration.Gateway.TrustedProxies.Count > 0)
        {
            var answers = await Task.WhenAll(elsewhere.SelectMany(a => Ports(examination).Select(port => ReachAsync(name, a, port, isOwn: false, cancellationToken))));
            return findings.Concat(answers.OfType<Finding>());
        }

        var wrongFamily = here.Length > 0 && elsewhere.All(a => a.AddressFamily == AddressFamily.InterNetworkV6);
        findings.Add(new Finding(
            Severity.Error,
            $"{name} leads {(here.Length > 0 ? "also " : "")}to {there}, which is not this machine ({string.Join(", ", own.Where(IsPublic).Select(a => a.ToString()))})",
            wrongFamily ? "whoever has IPv6 goes there, CAs first: they prefer it" : "visitors and CAs go there",
            wrongFamily
                ? $"delete the AAAA record of {name}, or have it name this machine's IPv6 address"
                : $"have the record of {name} name this machine; if a proxy stands there, name it in Gateway:TrustedProxies",
            $"dig +short {name} A {name} AAAA"));
        return findings;
    }

    private static Finding Unknown(string name, HashSet<IPAddress> own, Examination examination)
    {
        var address = own.FirstOrDefault(IsPublic);
        return new Finding(
            examination.Configuration.Acme?.DomainNames.Contains(name, StringComparer.OrdinalIgnoreCase) == true || address is not null ? Severity.Error : Severity.Warning,
            $"DNS does not know {name}",
            "nobody finds it, and no CA gives a certificate for it",
            "where the domain is managed, add a record of it with this machine's public address")
        {
            Place = $"the DNS zone of {name}",
            Write = $"{name}. {(address?.AddressFamily == AddressFamily.InterNetworkV6 ? "AAAA" : "A")} {address?.ToString() ?? "PUBLIC-ADDRESS"}",
        };
    }

    private static int[] Ports(Examination examination) => examination.IsRunning ? [.. examination.Configuration.Endpoints.Select(e => e.Port).Where(p => p is 80 or 443).Distinct()] : [];

    private static async Task<Finding?> ReachAsync(string name, IPAddress address, int port, bool isOwn, CancellationToken cancellationToken)
    {
        var side = new PublicSide(name, port, port == 443, [new IPEndPoint(address, port)]);
        try
        {
            using var socket = await side.ConnectAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return isOwn
                ? new Finding(Severity.Error, $"{name} leads to this machine's {address}, but port {port} there is not open: {e.Message}", "visitors are refused", "have the endpoint listen on every address (https://*:443, http://*:80)")
                : new Finding(
                    Severity.Unknown, $"{name} leads to {address}, a router or proxy in front of this machine; whether port {port} comes through could not be told: {e.Message}",
                    "many routers do not let a machine call itself by its public address", "try it from another network, such as a phone without Wi-Fi",
                    $"curl -sv -o /dev/null http{(port == 443 ? "s" : "")}://{name}/");
        }
    }

    private static bool IsDomain(string name) => !IPAddress.TryParse(name, out _) && !name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && name.Contains('.', StringComparison.Ordinal) && !name.EndsWith(".local", StringComparison.OrdinalIgnoreCase) && !name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsPublic(IPAddress address) =>
        !LocalAuthority.IsPrivate(address) && !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal
        && !(address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [100, >= 64 and < 128, ..] or [169, 254, ..]);
}
