using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Hosting;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the certificate that clients are shown is for the name that they call, and trusted here.</summary>
internal sealed class TrustCheck : ICheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public string Topic => "trust";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (!examination.Configuration.Endpoints.Any(e => e.IsHttps))
        {
            return CheckResult.NotApplicable("no https endpoint is served");
        }

        var names = PublicNames.Of(examination);
        var findings = new List<Finding>();
        var stored = examination.IsRunning ? null : StoredCertificates.Table(examination);
        var shown = new Dictionary<string, ShownCertificate>();
        foreach (var name in names)
        {
            var certificate = stored is null ? await ConnectAsync(examination, name, findings, cancellationToken) : StoredCertificates.Shown(stored, name);
            // A temporary one: that the real one is yet to come is said among the certificates.
            if (certificate is null || (examination.Configuration.Acme is not null && TrustFinding.IsLocal(certificate)))
            {
                continue;
            }

            if (!certificate.Leaf.MatchesHostname(name, allowCommonName: false))
            {
                findings.Add(NameFinding.WrongName(examination, name, certificate.Leaf));
            }

            shown.TryAdd(certificate.Leaf.Thumbprint, certificate);
        }

        findings.AddRange(shown.Values.SelectMany(certificate => TrustFinding.Of(examination, certificate)));
        if (shown.Count == 0 && findings.Count == 0)
        {
            return CheckResult.NotApplicable(examination.IsRunning ? "the certificates are yet to come" : "there is no certificate to look at yet");
        }

        var addresses = names.Select(name => PublicSide.Of(examination, name, examination.Asked?.Port ?? 0)?.Origin.GetLeftPart(UriPartial.Authority) ?? name);
        return new CheckResult($"{string.Join(", ", addresses.Take(3))}{(names.Count > 3 ? $" and {names.Count - 3} more" : "")}: trusted by this machine", findings);
    }

    private static async Task<ShownCertificate?> ConnectAsync(Examination examination, string name, List<Finding> findings, CancellationToken cancellationToken)
    {
        if (PublicSide.Of(examination, name, examination.Asked?.Port ?? 0) is not { IsHttps: true } side)
        {
            if (examination.Asked is { } asked)
            {
                findings.Add(NameFinding.NoEndpoint(examination, asked));
            }

            return null;
        }

        ShownCertificate? shown = null;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            using var socket = await side.ConnectAsync(limited.Token);
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = name,
                    RemoteCertificateValidationCallback = (_, leaf, chain, _) =>
                    {
                        shown = leaf is null ? null : new ShownCertificate(
                            new X509Certificate2((X509Certificate2)leaf), [.. chain!.ChainPolicy.ExtraStore.Select(c => new X509Certificate2(c))]);
                        return shown is not null;
                    },
                },
                limited.Token);
            return shown;
        }
        catch (AuthenticationException) when (examination.Configuration.Gateway.StrictSni)
        {
            findings.Add(NameFinding.Refused(examination, name));
        }
        catch (Exception e) when (e is SocketException or TimeoutException or AuthenticationException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            findings.Add(NameFinding.Unreachable(examination, side, e));
        }

        return shown;
    }
}

/// <summary>What a client is shown in the handshake.</summary>
/// <param name="Leaf">The certificate.</param>
/// <param name="Chain">What came with it.</param>
internal sealed record ShownCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain);
