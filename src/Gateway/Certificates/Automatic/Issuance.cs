using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>Obtains one certificate from one CA: chooses how to prove the name, and tries it out at the staging server after a refusal.</summary>
internal sealed partial class Issuance(AcmeOptions options, ChallengeResponders responders, ILogger<Issuance> logger)
{
    private const string ShortLived = "shortlived";

    /// <param name="issuer">The CA.</param>
    /// <param name="name">The one name of the certificate.</param>
    /// <param name="before">What earlier attempts came to.</param>
    /// <param name="replaces">The CA's id of the certificate that is renewed, if it is one of this CA's.</param>
    /// <param name="ordering">Called when an order is about to be placed at this CA.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="AcmeException">The CA refuses or does not answer.</exception>
    /// <exception cref="HookException">The DNS hook failed.</exception>
    /// <exception cref="NotConfiguredException">There is no way to prove this name.</exception>
    /// <exception cref="AggregateException">Several ways to prove the name failed, in this order.</exception>
    public async Task<(IssuedCertificate Certificate, AcmeChallengeType Type)> ObtainAsync(
        Issuer issuer, AcmeIdentifier name, NameState before, string? replaces, Action ordering, CancellationToken cancellationToken)
    {
        IReadOnlyList<AcmeChallengeType> types = TypesFor(name, before);
        if (before.Failures > 0)
        {
            // The CA's limits are for what works; what does not is found out elsewhere, or with one order at a time.
            types = before.WasRefused && issuer.Staging is { } staging
                ? await TryOutAsync(staging, name, types, cancellationToken)
                : [types[before.Failures % types.Count]];
        }

        return await OrderAsync(issuer, name, types, replaces, ordering, cancellationToken);
    }

    /// <summary>A whole order at a staging server; what comes of it is thrown away.</summary>
    public async Task TryOutAsync(Issuer staging, AcmeIdentifier name, NameState before, CancellationToken cancellationToken)
    {
        using var turn = await staging.TakeTurnAsync(cancellationToken);
        await OrderAsync(staging, name, TypesFor(name, before), replaces: null, () => { }, cancellationToken);
    }

    private async Task<IReadOnlyList<AcmeChallengeType>> TryOutAsync(
        Issuer staging, AcmeIdentifier name, IReadOnlyList<AcmeChallengeType> types, CancellationToken cancellationToken)
    {
        try
        {
            var (_, type) = await OrderAsync(staging, name, types, replaces: null, () => { }, cancellationToken);
            return [type];
        }
        catch (AcmeException e) when (e.IsTransient || e.Is(AcmeProblem.RateLimited))
        {
            // A staging server that is out of order says nothing about the name.
            LogNoVerdict(name.Value, e.Message);
            return [types[0]];
        }
    }

    // A failed challenge ends its order for good (RFC 8555 section 7.1.6), so another type means another order.
    private async Task<(IssuedCertificate Certificate, AcmeChallengeType Type)> OrderAsync(
        Issuer issuer,
        AcmeIdentifier name,
        IReadOnlyList<AcmeChallengeType> types,
        string? replaces,
        Action ordering,
        CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        for (var i = 0; ; i++)
        {
            try
            {
                return (await OrderAsync(issuer, name, types[i], replaces, ordering, cancellationToken), types[i]);
            }
            catch (Exception e) when (i + 1 < types.Count
                && e is HookException or AcmeException { ChallengeType: not null, IsTransient: false }
                && !IsWhateverTheType(e))
            {
                failures.Add(e);
                LogOtherType(name.Value, Sentence.Of(e.Message), WireName(types[i + 1]));
            }
            catch (Exception e) when (failures.Count > 0 && !cancellationToken.IsCancellationRequested)
            {
                throw new AggregateException([.. failures, e]);
            }
        }
    }

    private async Task<IssuedCertificate> OrderAsync(
        Issuer issuer, AcmeIdentifier name, AcmeChallengeType type, string? replaces, Action ordering, CancellationToken cancellationToken)
    {
        using var key = CertificateKey.Create(Enum.Parse<CertificateKeyAlgorithm>(options.KeyAlgorithm), options.KeySize);
        for (var isFirst = true; ; isFirst = false)
        {
            var account = await issuer.OpenAccountAsync(cancellationToken);
            var order = new CertificateOrder
            {
                Identifiers = [name],
                ChallengeType = WireName(type),
                Key = key,
                Profile = options.Profile ?? DefaultProfile(account.Client, name),
                Replaces = replaces,
                PreferredChain = options.PreferredChain,
            };
            ordering();
            try
            {
                return await AcmeOrderFlow.ObtainAsync(account, order, responders.For(type), cancellationToken);
            }
            catch (AcmeException e)
            {
                issuer.Forget();
                if (!isFirst || !e.Is(AcmeProblem.AccountDoesNotExist))
                {
                    throw;
                }

                LogAccountLost(issuer.Directory);
            }
        }
    }

    private IReadOnlyList<AcmeChallengeType> TypesFor(AcmeIdentifier name, NameState before)
    {
        var types = options.ChallengeTypesFor(name.Value);
        return types.Count > 0
            ? [.. types.OrderByDescending(type => WireName(type) == before.ChallengeType)]
            : throw new NotConfiguredException(
                $"there is no way to prove {name} to a CA: "
                + (name.IsWildcard ? "wildcards need Gateway:Acme:DnsHook and Dns01 in LettuceEncrypt:AllowedChallengeTypes"
                    : "http-01 needs an http endpoint, tls-alpn-01 an https endpoint, and LettuceEncrypt:AllowedChallengeTypes must allow one of them"));
    }

    // Let's Encrypt issues for addresses with this profile alone.
    private static string? DefaultProfile(AcmeClient client, AcmeIdentifier name) =>
        name.Type == AcmeIdentifier.IpType && client.Directory.Meta.Profiles.ContainsKey(ShortLived) ? ShortLived : null;

    // No other way to prove the name changes any of these.
    private static bool IsWhateverTheType(Exception e) => e is AcmeException refusal
        && (refusal.Is(AcmeProblem.RateLimited) || refusal.Is(AcmeProblem.Caa) || refusal.Is(AcmeProblem.RejectedIdentifier));

    public static string WireName(AcmeChallengeType type) => type switch
    {
        AcmeChallengeType.Http01 => AcmeChallenge.Http01,
        AcmeChallengeType.TlsAlpn01 => AcmeChallenge.TlsAlpn01,
        _ => AcmeChallenge.Dns01,
    };

    [LoggerMessage(EventId = 321, Level = LogLevel.Warning, Message = "Certificate for {Name}: {Error} Trying {ChallengeType} with another order")]
    private partial void LogOtherType(string name, string error, string challengeType);

    [LoggerMessage(EventId = 322, Level = LogLevel.Warning, Message = "The CA {Issuer} has lost the account; it is made anew with the same key")]
    private partial void LogAccountLost(Uri issuer);

    [LoggerMessage(EventId = 323, Level = LogLevel.Warning, Message = "Certificate for {Name}: the staging server is out of order, so the CA itself is tried: {Error}")]
    private partial void LogNoVerdict(string name, string error);
}
