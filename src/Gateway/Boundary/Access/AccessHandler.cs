using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Gateway.Configuration;
using Gateway.Proxying;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Model;

namespace Gateway.Boundary.Access;

/// <summary>
/// Decides whether a request may pass the policy that its route names in <c>AuthorizationPolicy</c>, and writes the refusal. The one
/// scheme of ASP.NET Core's authentication here: an address and any one credential decide together.
/// </summary>
internal sealed class AccessHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    CurrentConfiguration configuration,
    Passwords passwords,
    Tokens tokens,
    FailedAttempts failures) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Gateway";

    private const int LongestKey = 512;

    private AccessPolicy? _policy;
    private Verdict _verdict;

    private enum Verdict { CredentialMissing, CredentialWrong, AddressRefused, TooManyPasswords, Busy, Admitted }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var endpoint = Context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<IAuthorizeData>()?.Policy is not { } name || !configuration.Value.Gateway.Access.TryGetValue(name, out _policy))
        {
            return AuthenticateResult.NoResult();
        }

        var client = Context.Connection.RemoteIpAddress;
        (_verdict, var admission) = await DecideAsync(_policy, client);
        if (admission is null)
        {
            if (_verdict != Verdict.CredentialMissing)
            {
                failures.Note(client, endpoint.Metadata.GetMetadata<RouteModel>()?.Config.RouteId ?? endpoint.DisplayName ?? "", name, Reason(_verdict));
            }

            return AuthenticateResult.NoResult();
        }

        Context.Features.Set(admission);
        var identity = new ClaimsIdentity(admission.User is null ? [] : [new Claim(ClaimTypes.Name, admission.User)], admission.Kind.ToString());
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        switch (_verdict)
        {
            case Verdict.AddressRefused:
                Refuse(StatusCodes.Status403Forbidden);
                break;
            case Verdict.TooManyPasswords:
                Response.Headers.RetryAfter = "60";
                Refuse(StatusCodes.Status429TooManyRequests);
                break;
            case Verdict.Busy:
                Response.Headers.RetryAfter = "5";
                Refuse(StatusCodes.Status503ServiceUnavailable);
                break;
            default:
                Response.Headers.WWWAuthenticate = Challenges();
                Refuse(StatusCodes.Status401Unauthorized);
                break;
        }

        return Task.CompletedTask;
    }

    private void Refuse(int statusCode) => Refusal.Set(
        Context, statusCode, cause: Reason(_verdict), setting: _policy is null ? "Gateway:Access" : "Gateway:Access:" + _policy.Name);

    private async Task<(Verdict Verdict, Admission? Admission)> DecideAsync(AccessPolicy policy, IPAddress? client)
    {
        // 1. The address, whatever else there is. Without one (a unix socket) a list cannot be answered.
        if ((policy.Allow.Count > 0 && (client is null || !policy.Allow.Covers(client))) || (client is not null && policy.Deny.Covers(client)))
        {
            return (Verdict.AddressRefused, null);
        }

        if (!policy.NeedsCredential || (policy.AllowPreflight && IsPreflight(Request)))
        {
            return (Verdict.Admitted, new Admission(policy, CredentialKind.None));
        }

        // 2. Any one credential.
        var presented = PresentedCredentials.Read(Context, policy);
        if (presented.IsNone)
        {
            return (Verdict.CredentialMissing, null);
        }

        if (presented.IsUnclear)
        {
            return (Verdict.CredentialWrong, null);
        }

        var (verdict, admission) = await DecideAsync(policy, presented);
        if (admission is null && presented.User is var (user, password))
        {
            verdict = await passwords.CheckAsync(policy, user, password, client, Context.RequestAborted) switch
            {
                PasswordCheck.Right => Verdict.Admitted,
                PasswordCheck.TooMany => Verdict.TooManyPasswords,
                PasswordCheck.Busy => Verdict.Busy,
                _ => verdict,
            };
            admission = verdict == Verdict.Admitted ? new Admission(policy, CredentialKind.Basic, user, InAuthorization: true) : null;
        }

        return (verdict, admission);
    }

    private async Task<(Verdict Verdict, Admission? Admission)> DecideAsync(AccessPolicy policy, PresentedCredentials presented)
    {
        // A credential of the gateway's in Authorization must be found there, or it would go on to the service.
        (string? Text, bool InAuthorization, bool MayBeToken)[] candidates =
        [
            (presented.AuthorizationBearer, true, true), (presented.Header, false, false), .. presented.Bearers.Select(text => ((string?)text, false, true)),
        ];
        var verdict = Verdict.CredentialWrong;
        foreach (var (text, inAuthorization, mayBeToken) in candidates)
        {
            if (text is null)
            {
                continue;
            }

            if (FindKey(policy, text) is { } key)
            {
                return (Verdict.Admitted, new Admission(policy, CredentialKind.ApiKey, key.Name, inAuthorization));
            }

            if (mayBeToken && policy.Jwt is { } jwt)
            {
                var check = await tokens.CheckAsync(text, jwt, Context.RequestAborted);
                if (check.IsValid)
                {
                    return (Verdict.Admitted, new Admission(policy, CredentialKind.Jwt, check.Subject, inAuthorization, text));
                }

                verdict = check.IsUndecided ? Verdict.Busy : verdict;
            }
        }

        return (verdict, null);
    }

    private static ApiKeyOptions? FindKey(AccessPolicy policy, string text)
    {
        if (policy.ApiKeys.Count == 0 || text.Length > LongestKey)
        {
            return null;
        }

        var hash = ApiKeyHash.Of(text);
        ApiKeyOptions? found = null;
        // All of them: the time must not tell which one it was.
        foreach (var key in policy.ApiKeys)
        {
            found = key.Hash.Matches(hash) ? key : found;
        }

        return found;
    }

    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    // RFC 6750 section 3.1: invalid_token only for who has sent one, and nothing about what is wrong with it.
    private string[] Challenges()
    {
        List<string> challenges = [];
        if (_policy is null or { TakesBearer: true })
        {
            challenges.Add(_verdict == Verdict.CredentialWrong ? "Bearer realm=\"gateway\", error=\"invalid_token\"" : "Bearer realm=\"gateway\"");
        }

        if (_policy is { Basic.Count: > 0 })
        {
            challenges.Add("Basic realm=\"gateway\", charset=\"UTF-8\"");
        }

        return [.. challenges];
    }

    private static string Reason(Verdict verdict) => verdict switch
    {
        Verdict.AddressRefused => "the address is not allowed",
        Verdict.TooManyPasswords => "too many wrong passwords",
        Verdict.Busy => "the credential could not be checked",
        Verdict.CredentialMissing => "there is no credential",
        _ => "the credential is wrong",
    };
}
