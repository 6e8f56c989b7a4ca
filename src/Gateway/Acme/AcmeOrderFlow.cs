namespace Gateway.Acme;

/// <summary>
/// One order from its placing to the certificate (RFC 8555 section 7.1, "ACME Resource Relationships"). Placing is attempted once,
/// so that one call costs the CA's limits at most one order; from then on a CA that is briefly out of order is waited for,
/// up to <see cref="AcmePolling.Limit"/> in all.
/// </summary>
internal sealed class AcmeOrderFlow
{
    private const int MostAlternates = 10;

    private readonly AcmeAccount _account;
    private readonly CertificateOrder _wanted;
    private readonly AcmePolling _polling;

    private AcmeOrderFlow(AcmeAccount account, CertificateOrder wanted)
    {
        _account = account;
        _wanted = wanted;
        _polling = new AcmePolling(account.Client.Time);
    }

    private string Names => string.Join(", ", _wanted.Identifiers);

    /// <summary>Obtains one certificate.</summary>
    /// <exception cref="AcmeException">No certificate; <see cref="AcmeException.ChallengeType"/> is set when a validation failed,
    /// <see cref="AcmeProblem.AccountDoesNotExist"/> is given when the account must be created anew.</exception>
    /// <exception cref="ArgumentException">The certificate's key is the account's (RFC 8555 section 11.1).</exception>
    public static async Task<IssuedCertificate> ObtainAsync(
        AcmeAccount account, CertificateOrder wanted, ChallengeResponder responder, CancellationToken cancellationToken)
    {
        if (account.Key.IsSameAs(wanted.Key))
        {
            throw new ArgumentException("The key of a certificate must not be the key of the account.", nameof(wanted));
        }

        var flow = new AcmeOrderFlow(account, wanted);
        var order = await flow.PlaceAsync(cancellationToken);
        await new AcmeProof(account, wanted.ChallengeType, responder, flow._polling).ProveAsync(order, cancellationToken);
        var certificate = await flow.FinalizeAsync(order, cancellationToken);
        var chain = await flow.DownloadAsync(certificate, cancellationToken);
        return new IssuedCertificate(chain.Pem, wanted.Key.ExportPkcs8PrivateKeyPem(), chain.TopIssuer);
    }

    private async Task<AcmeOrder> PlaceAsync(CancellationToken cancellationToken)
    {
        var directory = _account.Client.Directory;
        if (_wanted.Profile is { } profile && !directory.Meta.Profiles.ContainsKey(profile))
        {
            var offered = directory.Meta.Profiles.Count == 0 ? "none" : string.Join(", ", directory.Meta.Profiles.Keys);
            throw new AcmeException(
                $"place an order for {Names}", directory.NewOrder, $"the CA has no profile '{profile}'; it has {offered}.");
        }

        var request = new OrderRequest
        {
            Identifiers = _wanted.Identifiers,
            Profile = _wanted.Profile,
            Replaces = directory.RenewalInfo is null ? null : _wanted.Replaces,
        };
        try
        {
            return await _account.PlaceOrderAsync(request, cancellationToken);
        }
        catch (AcmeException e) when (request.Replaces is not null && MayBeAboutReplaces(e))
        {
            return await _account.PlaceOrderAsync(request with { Replaces = null }, cancellationToken);
        }
    }

    // RFC 9773 section 5 has 409 alreadyReplaced for a certificate that was replaced before; CAs also answer 400, 403 or 404
    // for one of another account or another CA. Whatever else is wrong with the order, the second attempt will tell.
    private static bool MayBeAboutReplaces(AcmeException e) =>
        e.StatusCode is 400 or 403 or 404 or 409 && !e.Is(AcmeProblem.AccountDoesNotExist);

    private async Task<Uri> FinalizeAsync(AcmeOrder order, CancellationToken cancellationToken)
    {
        var csr = CertificateKey.CreateRequest(_wanted.Key, _wanted.Identifiers);
        var (seen, finalized) = (order.Status == AcmeOrder.Ready, false);
        var attempt = $"get the certificate for {Names}";
        await _polling.UntilDoneAsync(
            attempt,
            order.Url,
            async token =>
            {
                order = seen ? order : await _account.ReadOrderAsync(order, token);
                seen = false;
                if (!finalized && order.Status == AcmeOrder.Ready)
                {
                    order = await _account.FinalizeAsync(order, csr, token);
                    finalized = true;
                }

                // "pending", "processing" and statuses of days to come: not yet.
                var done = order.Status is AcmeOrder.Valid or AcmeOrder.Invalid;
                return new AcmeLook(done, order.Status, order.RetryAfter);
            },
            cancellationToken);
        if (order is { Status: AcmeOrder.Valid, Certificate: { } certificate })
        {
            return certificate;
        }

        var reason = order.Error is { } error ? $": {error}" : ".";
        throw new AcmeException(attempt, order.Url, $"the order {order.Url} is {order.Status}{reason}") { Problem = order.Error };
    }

    private async Task<CertificateChain> DownloadAsync(Uri certificate, CancellationToken cancellationToken)
    {
        var attempt = $"download the certificate for {Names}";
        var (chain, alternates) = await _polling.AskAsync(
            attempt, certificate, token => _account.DownloadAsync(certificate, token), cancellationToken);
        if (_wanted.PreferredChain is { } preferred && chain.TopIssuer != preferred)
        {
            chain = await FindAsync(preferred, alternates, cancellationToken) ?? chain;
        }

        return chain.Mismatch(_wanted.Key, _wanted.Identifiers) is { } mismatch
            ? throw new AcmeException(attempt, certificate, $"{mismatch}.")
            : chain;
    }

    private async Task<CertificateChain?> FindAsync(string topIssuer, IReadOnlyList<Uri> alternates, CancellationToken cancellationToken)
    {
        foreach (var url in alternates.Take(MostAlternates))
        {
            try
            {
                var (chain, _) = await _account.DownloadAsync(url, cancellationToken);
                if (chain.TopIssuer == topIssuer)
                {
                    return chain;
                }
            }
            catch (AcmeException)
            {
                // The certificate is there already, with a chain that is as good to most clients.
            }
        }

        return null;
    }
}
