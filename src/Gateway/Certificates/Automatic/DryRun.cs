using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>A whole order at a staging server. Its certificate is thrown away, and nothing that is known about the name changes.</summary>
internal sealed class DryRun(Issuers issuers, Issuance issuance)
{
    /// <exception cref="NotConfiguredException">There is no staging server.</exception>
    /// <exception cref="HookException">The DNS hook failed.</exception>
    /// <exception cref="Gateway.Acme.AcmeException">The staging server refuses or does not answer.</exception>
    /// <exception cref="AggregateException">Several ways to prove the name failed, in this order.</exception>
    public Task RunAsync(ManagedName name, CancellationToken cancellationToken)
    {
        var staging = issuers.All
            .Select(issuer => issuer.Directory == AcmeIssuerOptions.LetsEncryptStaging ? issuer : issuer.Staging)
            .FirstOrDefault(issuer => issuer is not null)
            ?? throw new NotConfiguredException(
                $"there is no staging server: of the CAs configured ({string.Join(", ", issuers.All.Select(issuer => issuer.Directory))}) only Let's Encrypt has one that is known, "
                + "and another's is named by StagingUrl beside its DirectoryUrl in Gateway:Acme:Issuers");
        return issuance.TryOutAsync(staging, name.Identifier, name.State, cancellationToken);
    }
}
