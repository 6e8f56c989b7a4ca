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
    private readonly ChallengeResponder _responder;
    private readonly AcmePolling _polling;

    private AcmeOrderFlow(AcmeAccount account, CertificateOrder wanted, ChallengeResponder responder)
    {
        _account = account;
        _wanted = wanted;
        _responder = responder;
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

        var flow = new AcmeOrderFlow(account, wanted, responder);
        var order = await flow.PlaceAsync(cancellationToken);
        await flow.ProveAsync(order, cancellationToken);
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

    private async Task ProveAsync(AcmeOrder order, CancellationToken cancellationToken)
    {
        // 1. Which names are not proven yet? An authorization of an earlier order may still be valid (RFC 8555 section 7.4).
        var open = new List<(AcmeAuthorization Authorization, AcmeChallenge Challenge, ChallengeAnswer Answer)>();
        foreach (var url in order.Authorizations)
        {
            var authorization = await _polling.AskAsync(
                "read an authorization", url, token => _account.ReadAuthorizationAsync(url, token), cancellationToken);
            if (authorization.Status != AcmeAuthorization.Valid)
            {
                var challenge = Choose(authorization);
                open.Add((authorization, challenge, Answer(authorization, challenge)));
            }
        }

        // 2. Every answer is in place before the first challenge is answered: a wildcard and its parent share one DNS name.
        var published = new List<ChallengeAnswer>();
        try
        {
            foreach (var (_, _, answer) in open)
            {
                published.Add(answer);
                await _responder.Publish(answer, cancellationToken);
            }

            // 3. The CA looks.
            foreach (var (authorization, challenge, _) in open)
            {
                await ValidateAsync(authorization, challenge, cancellationToken);
            }
        }
        finally
        {
            await UnpublishAsync(published);
        }
    }

    private AcmeChallenge Choose(AcmeAuthorization authorization)
    {
        if (authorization.IsOver)
        {
            throw Unproven(authorization);
        }

        var offered = string.Join(", ", authorization.Challenges.Select(challenge => challenge.Type));
        return authorization.Challenges.FirstOrDefault(challenge => challenge.Type == _wanted.ChallengeType)
            ?? throw Unproven(authorization, $"the CA offers {offered} for it.");
    }

    private ChallengeAnswer Answer(AcmeAuthorization authorization, AcmeChallenge challenge)
    {
        // RFC 8555 section 8.3: nothing outside base64url. The token becomes part of a path.
        return challenge.Token is { Length: > 0 } token && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? new ChallengeAnswer(challenge.Type, authorization.Identifier, token, _account.Key.Authorize(token))
            : throw Unproven(authorization, "the CA's token is not base64url.");
    }

    private async Task ValidateAsync(AcmeAuthorization authorization, AcmeChallenge challenge, CancellationToken cancellationToken)
    {
        var (answerNow, answered) = (true, false);
        await _polling.UntilDoneAsync(
            Attempt(authorization),
            authorization.Url,
            async token =>
            {
                if (answerNow)
                {
                    answerNow = false;
                    await _account.AnswerAsync(challenge, authorization.Identifier, token);
                    answered = true;
                }

                // Whether an answer got through that failed with a time-out, only the authorization can tell.
                authorization = await _account.ReadAuthorizationAsync(authorization.Url, token);
                answerNow = !answered && authorization.Status == AcmeAuthorization.Pending;
                var done = authorization.Status == AcmeAuthorization.Valid || authorization.IsOver;
                return new AcmeLook(done, authorization.Status, authorization.RetryAfter);
            },
            cancellationToken);
        if (authorization.IsOver)
        {
            throw Unproven(authorization);
        }
    }

    private async Task UnpublishAsync(List<ChallengeAnswer> published)
    {
        // Also after a cancellation, but not for ever.
        using var limit = new CancellationTokenSource(AcmeTransport.RequestLimit, _account.Client.Time);
        foreach (var answer in published)
        {
            try
            {
                await _responder.Unpublish(answer, limit.Token);
            }
            catch (Exception)
            {
                // See ChallengeResponder.Unpublish.
            }
        }
    }

    private async Task<Uri> FinalizeAsync(AcmeOrder order, CancellationToken cancellationToken)
    {
        var csr = CertificateKey.CreateRequest(_wanted.Key, _wanted.Identifiers);
        var (finalizeNow, finalized) = (order.Status == AcmeOrder.Ready, false);
        var attempt = $"get the certificate for {Names}";
        await _polling.UntilDoneAsync(
            attempt,
            order.Url,
            async token =>
            {
                if (finalizeNow)
                {
                    finalizeNow = false;
                    order = await _account.FinalizeAsync(order, csr, token);
                    finalized = true;
                }
                else
                {
                    order = await _account.ReadOrderAsync(order, token);
                    finalizeNow = !finalized && order.Status == AcmeOrder.Ready;
                }

                // "pending", "processing" and statuses of days to come: not yet.
                var done = order.Status is AcmeOrder.Valid or AcmeOrder.Invalid;
                return new AcmeLook(done, order.Status, finalizeNow ? TimeSpan.Zero : order.RetryAfter);
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

    private string Attempt(AcmeAuthorization authorization) =>
        $"prove control over {authorization.Identifier} by {_wanted.ChallengeType}";

    private AcmeException Unproven(AcmeAuthorization authorization, string? reason = null)
    {
        // RFC 8555 section 7.1.6: an authorization is invalid because one of its challenges is.
        var failed = authorization.Challenges.Where(challenge => challenge.Error is not null).ToList();
        var challenge = failed.Find(challenge => challenge.Type == _wanted.ChallengeType) ?? failed.FirstOrDefault();
        var words = challenge?.Error is { } error ? $": {error}" : ".";
        reason ??= $"the authorization {authorization.Url} is {authorization.Status}{words}";
        return new AcmeException(Attempt(authorization), authorization.Url, reason)
        {
            Problem = challenge?.Error,
            Identifier = authorization.Identifier,
            ChallengeType = _wanted.ChallengeType,
        };
    }
}
