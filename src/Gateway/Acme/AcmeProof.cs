namespace Gateway.Acme;

/// <summary>Proves control over the names of one order, all by one type of challenge (RFC 8555 section 7.5).</summary>
internal sealed class AcmeProof(AcmeAccount account, string challengeType, ChallengeResponder responder, AcmePolling polling)
{
    /// <summary>Returns when every name of the order is proven; throws when one is not.</summary>
    public async Task ProveAsync(AcmeOrder order, CancellationToken cancellationToken)
    {
        // 1. Which names are not proven yet? An authorization of an earlier order may still be valid (RFC 8555 section 7.4).
        var open = new List<(AcmeAuthorization Authorization, AcmeChallenge Challenge, ChallengeAnswer Answer)>();
        foreach (var url in order.Authorizations)
        {
            var authorization = await polling.AskAsync(
                "read an authorization", url, token => account.ReadAuthorizationAsync(url, token), cancellationToken);
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
                await responder.Publish(answer, cancellationToken);
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
        return authorization.Challenges.FirstOrDefault(challenge => challenge.Type == challengeType)
            ?? throw Unproven(authorization, $"the CA offers {offered} for it.");
    }

    private ChallengeAnswer Answer(AcmeAuthorization authorization, AcmeChallenge challenge)
    {
        // RFC 8555 section 8.3: nothing outside base64url. The token becomes part of a path.
        return challenge.Token is { Length: > 0 } token && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? new ChallengeAnswer(challenge.Type, authorization.Identifier, token, account.Key.Authorize(token))
            : throw Unproven(authorization, "the CA's token is not base64url.");
    }

    private async Task ValidateAsync(AcmeAuthorization authorization, AcmeChallenge challenge, CancellationToken cancellationToken)
    {
        var (seen, answered) = (true, false);
        await polling.UntilDoneAsync(
            Attempt(authorization),
            authorization.Url,
            async token =>
            {
                // Whether an answer got through that ended in a time-out, only the authorization can tell.
                authorization = seen ? authorization : await account.ReadAuthorizationAsync(authorization.Url, token);
                seen = false;
                if (!answered && !authorization.IsDecided)
                {
                    var asked = await account.AnswerAsync(challenge, authorization.Identifier, token);
                    answered = true;
                    if (asked > TimeSpan.Zero)
                    {
                        return new AcmeLook(Done: false, authorization.Status, asked);
                    }

                    authorization = await account.ReadAuthorizationAsync(authorization.Url, token);
                }

                return new AcmeLook(authorization.IsDecided, authorization.Status, authorization.RetryAfter);
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
        using var limit = new CancellationTokenSource(AcmeTransport.RequestLimit, account.Client.Time);
        foreach (var answer in published)
        {
            try
            {
                await responder.Unpublish(answer, limit.Token);
            }
            catch (Exception)
            {
                // See ChallengeResponder.Unpublish.
            }
        }
    }

    private string Attempt(AcmeAuthorization authorization) =>
        $"prove control over {authorization.Identifier} by {challengeType}";

    private AcmeException Unproven(AcmeAuthorization authorization, string? reason = null)
    {
        // RFC 8555 section 7.1.6: an authorization is invalid because one of its challenges is.
        var failed = authorization.Challenges.Where(challenge => challenge.Error is not null).ToList();
        var challenge = failed.Find(challenge => challenge.Type == challengeType) ?? failed.FirstOrDefault();
        var words = challenge?.Error is { } error ? $": {error}" : ".";
        reason ??= $"the authorization {authorization.Url} is {authorization.Status}{words}";
        return new AcmeException(Attempt(authorization), authorization.Url, reason)
        {
            Problem = challenge?.Error,
            Identifier = authorization.Identifier,
            ChallengeType = challengeType,
        };
    }
}
