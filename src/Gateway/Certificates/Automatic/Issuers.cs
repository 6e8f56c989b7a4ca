using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>The CAs in the order in which they are tried.</summary>
internal sealed class Issuers(AcmeOptions options, AcmeFolder folder, StateFiles files, TimeProvider time) : IDisposable
{
    public IReadOnlyList<Issuer> All { get; } =
        [.. options.Issuers.Select(issuer => new Issuer(issuer, options.EmailAddress, folder, files, time))];

    public void Dispose()
    {
        foreach (var issuer in All)
        {
            issuer.Dispose();
        }
    }
}
