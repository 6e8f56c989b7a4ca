using Microsoft.AspNetCore.Authorization;

namespace Gateway.Boundary.Access;

/// <summary>
/// Gives ASP.NET Core's authorization one rule for every name: <see cref="AccessHandler"/> must have admitted the request. Which policy a
/// name means is looked up there, request by request, so that a reload applies; a name that is unknown admits nobody.
/// </summary>
internal sealed class AccessPolicyProvider : IAuthorizationPolicyProvider
{
    private static readonly Task<AuthorizationPolicy?> Admitted =
        Task.FromResult<AuthorizationPolicy?>(new AuthorizationPolicyBuilder(AccessHandler.SchemeName).RequireAuthenticatedUser().Build());

    public bool AllowsCachingPolicies => true;

    public Task<AuthorizationPolicy?> GetPolicyAsync(string policyName) => Admitted;

    public Task<AuthorizationPolicy> GetDefaultPolicyAsync() => Admitted!;

    public Task<AuthorizationPolicy?> GetFallbackPolicyAsync() => Task.FromResult<AuthorizationPolicy?>(null);
}
