using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>What an operator can do about a CA's refusal, in one sentence to stand next to the CA's own words.</summary>
internal static class AcmeAdvice
{
    /// <summary>What can be done about several failures, such as one of each challenge type; null when nothing is known.</summary>
    public static string? ForAll(IEnumerable<Exception> failures, AcmeIdentifier name)
    {
        string[] remedies = [.. failures.Select(failure => For(failure, name)).OfType<string>().Distinct()];
        return remedies.Length == 0 ? null : string.Join(' ', remedies);
    }

    public static string? For(Exception exception, AcmeIdentifier name) => exception switch
    {
        AcmeException e => For(e, e.Identifier ?? name),
        HookException => "Run the hook by hand as the gateway's user until it ends with exit code 0.",
        IOException or UnauthorizedAccessException => "See that the state directory exists, belongs to the gateway's user and has room; nothing is ordered that could not be kept.",
        CertificateFileException e when e.InnerException is IOException or UnauthorizedAccessException => e.Remedy,
        CertificateFileException => "Look at the state directory's disk: what was written there does not come back as it was.",
        _ => null,
    };

    private static string? For(AcmeException e, AcmeIdentifier name)
    {
        if (e.IsUnreachable)
        {
            return e.InnerException?.InnerException is System.Security.Authentication.AuthenticationException
                ? "The CA's endpoint has a certificate that this machine does not trust: update the system's CA certificates, or for a private CA name its root in TrustedRoots of Gateway:Acme:Issuers."
                : $"The CA cannot be reached from this machine: look at its DNS, its route and its firewall with curl -v {e.Url}.";
        }

        if (e.Problem is null)
        {
            return e.StatusCode >= 500 ? "The CA is out of order; see its status page. There is nothing to do here." : null;
        }

        // RFC 8555 section 6.7.1: the problem as a whole may only say that there were several.
        return (e.Problem.Subproblems ?? []).Prepend(e.Problem).Select(problem => For(Cause(problem, e), e, name)).FirstOrDefault(advice => advice is not null);
    }

    // CAs do not agree on the types of what goes wrong on the way to a name, and their words tell more.
    private static string Cause(AcmeProblem problem, AcmeException e)
    {
        if (e.ChallengeType is null || problem.Type is AcmeProblem.Caa or AcmeProblem.RateLimited || problem.Detail is not { } detail)
        {
            return problem.Type;
        }

        return Says(detail, "NXDOMAIN", "SERVFAIL", "could not resolve", "no valid A", "no valid IP") ? AcmeProblem.Dns
            : Says(detail, "connection refused", "failed to connect", "timeout during connect", "unreachable", "no route to host") ? AcmeProblem.Connection
            : problem.Type;
    }

    private static bool Says(string detail, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (detail.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string? For(string problemType, AcmeException e, AcmeIdentifier name) => problemType switch
    {
        AcmeProblem.Dns => e.ChallengeType == AcmeChallenge.Dns01
            ? $"The CA does not see the TXT record _acme-challenge.{name}: let the DNS hook wait until every name server of the zone has it."
            : $"{name} has no address in the public DNS that the CA can find: make an A (or AAAA) record for it that leads to this machine.",
        AcmeProblem.Connection => e.ChallengeType == AcmeChallenge.TlsAlpn01
            ? $"Port 443 of {name} does not lead to this gateway: open it in firewall and router, forward it to the https endpoint, and check that the DNS record leads to this machine."
            : $"Port 80 of {name} does not lead to this gateway: open it in firewall and router, forward it to the http endpoint, and check that the DNS record (AAAA too) leads to this machine.",
        AcmeProblem.Unauthorized or AcmeProblem.IncorrectResponse or AcmeProblem.Tls when e.ChallengeType == AcmeChallenge.Dns01 =>
            $"The TXT record _acme-challenge.{name} has another value: let the DNS hook wait until every name server of the zone has the new one.",
        AcmeProblem.Unauthorized or AcmeProblem.IncorrectResponse or AcmeProblem.Tls when e.ChallengeType is not null =>
            $"Another server answered for {name}: its DNS record (A or AAAA) does not lead here, or a proxy or CDN in front answers itself.",
        AcmeProblem.Unauthorized when e.Attempt == AcmeClient.CreateAccount =>
            "The CA refuses the account: see that EabCredentials are those that it gave you; if the CA has closed the account, move its account.pem in the state directory away, and a new one is made.",
        AcmeProblem.Unauthorized => "The CA does not accept this account any more: move its account.pem in the state directory away, and a new account is made.",
        AcmeProblem.Caa => $"A CAA record of {name} or of a domain above it forbids this CA: add one that allows it, such as: {name} CAA 0 issue \"letsencrypt.org\".",
        AcmeProblem.RateLimited => "The CA's limit is used up; the gateway tries again by itself when it is over. Restarting does not help; try things out with LettuceEncrypt:UseStagingServer.",
        AcmeProblem.RejectedIdentifier or AcmeProblem.UnsupportedIdentifier => $"This CA does not issue for {name}: take it out of LettuceEncrypt:DomainNames, or use another CA.",
        AcmeProblem.ExternalAccountRequired => "This CA wants to know its customers: put the key id and key that it gave you into EabCredentials.",
        AcmeProblem.UserActionRequired => "The CA has new terms of service: read them at the address that it names.",
        AcmeProblem.InvalidContact or AcmeProblem.UnsupportedContact => "Correct LettuceEncrypt:EmailAddress, or leave it out.",
        AcmeProblem.Malformed when e.Attempt == AcmeClient.CreateAccount =>
            "Correct LettuceEncrypt:EmailAddress and EabCredentials: they must be as the CA gave them out.",
        AcmeProblem.Malformed => $"The CA takes {name} for no name in the public DNS: correct its spelling in LettuceEncrypt:DomainNames, or take it out.",
        AcmeProblem.InvalidProfile => "Take one of the profiles that the CA has for Gateway:Acme:Profile, or none.",
        _ => null,
    };
}
