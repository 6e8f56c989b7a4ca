using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Gateway.Acme;

/// <summary>
/// A CA, as its directory describes it. Short-lived: made anew for each round of work, so that a changed directory
/// is never stale. Every method throws <see cref="AcmeException"/> when the CA refuses or does not answer.
/// </summary>
internal sealed class AcmeClient
{
    /// <summary>How <see cref="AcmeException.Attempt"/> names the making of an account.</summary>
    public const string CreateAccount = "create an account";

    private readonly AcmeTransport _transport;

    private AcmeClient(AcmeTransport transport, AcmeDirectory directory)
    {
        _transport = transport;
        Directory = directory;
    }

    public AcmeDirectory Directory { get; }

    /// <summary>How far the CA's clock was ahead of ours (negative: behind) at its last answer; null when it tells no time.</summary>
    public TimeSpan? ClockSkew => _transport.ClockSkew;

    public TimeProvider Time => _transport.Time;

    /// <summary>Reads the directory (RFC 8555 section 7.1.1).</summary>
    public static async Task<AcmeClient> ConnectAsync(
        HttpClient http, Uri directoryUrl, TimeProvider time, CancellationToken cancellationToken)
    {
        var transport = new AcmeTransport(http, time);
        var answer = await transport.GetAsync(directoryUrl, "read the CA's directory", cancellationToken);
        return new AcmeClient(transport, answer.Read(AcmeJson.Default.AcmeDirectory));
    }

    /// <summary>Creates an account for a key, or finds the one that the key already has (RFC 8555 section 7.3).</summary>
    /// <param name="key">Not disposed here.</param>
    /// <param name="contacts">"mailto:" URLs; may be empty.</param>
    /// <param name="acceptTermsOfService">Whether the operator accepted <see cref="DirectoryMetadata.TermsOfService"/>.</param>
    /// <param name="binding">Needed when <see cref="DirectoryMetadata.ExternalAccountRequired"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<AcmeAccount> CreateAccountAsync(
        AcmeKey key,
        IReadOnlyList<string> contacts,
        bool acceptTermsOfService,
        ExternalAccountBinding? binding,
        CancellationToken cancellationToken)
    {
        var request = new AccountRequest
        {
            Contact = contacts.Count == 0 ? null : contacts,
            TermsOfServiceAgreed = acceptTermsOfService ? true : null,
            ExternalAccountBinding = binding is null ? null : Jws.Bind(binding, key, Directory.NewAccount),
        };
        return NewAccountAsync(key, request, CreateAccount, cancellationToken);
    }

    /// <summary>Finds the account of a key; <see cref="AcmeProblem.AccountDoesNotExist"/> when it has none (RFC 8555 section 7.3.1).</summary>
    public Task<AcmeAccount> FindAccountAsync(AcmeKey key, CancellationToken cancellationToken) =>
        NewAccountAsync(key, new AccountRequest { OnlyReturnExisting = true }, "find the account of a key", cancellationToken);

    /// <summary>Uses an account whose URL is known, without asking the CA whether it still has it.</summary>
    public AcmeAccount OpenAccount(AcmeKey key, Uri url) => new(this, key, url);

    /// <summary>Asks when a certificate should be renewed (RFC 9773 section 4).</summary>
    /// <param name="certificateId">From <see cref="RenewalInfo.CertificateId"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when this CA gives no such advice.</returns>
    public async Task<RenewalInfo?> GetRenewalInfoAsync(string certificateId, CancellationToken cancellationToken)
    {
        if (Directory.RenewalInfo is not { } renewalInfo)
        {
            return null;
        }

        var url = new Uri($"{renewalInfo.OriginalString.TrimEnd('/')}/{certificateId}", UriKind.RelativeOrAbsolute);
        return RenewalInfo.Read(await _transport.GetAsync(url, "ask when to renew a certificate", cancellationToken));
    }

    /// <summary>Revokes a certificate by the authority of its own private key, without any account (RFC 8555 section 7.6).</summary>
    public Task RevokeAsync(
        X509Certificate2 certificate, AcmeKey certificateKey, RevocationReason? reason, CancellationToken cancellationToken) =>
        RevokeAsync(certificate, certificateKey, account: null, reason, cancellationToken);

    internal Task RevokeAsync(
        X509Certificate2 certificate, AcmeKey key, Uri? account, RevocationReason? reason, CancellationToken cancellationToken)
    {
        var request = new RevocationRequest(Base64Url.EncodeToString(certificate.RawDataMemory.Span), (int?)reason);
        return PostAsync(
            key,
            account,
            Directory.RevokeCert,
            JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.RevocationRequest),
            $"revoke certificate {certificate.SerialNumber}",
            cancellationToken);
    }

    internal Task<AcmeAnswer> PostAsync(
        AcmeKey key, Uri? account, Uri url, byte[] payload, string attempt, CancellationToken cancellationToken) =>
        _transport.PostAsync(Directory.NewNonce, key, account, url, payload, attempt, cancellationToken);

    private async Task<AcmeAccount> NewAccountAsync(
        AcmeKey key, AccountRequest request, string attempt, CancellationToken cancellationToken)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.AccountRequest);
        var answer = await PostAsync(key, account: null, Directory.NewAccount, payload, attempt, cancellationToken);
        return new AcmeAccount(this, key, answer.RequireLocation());
    }
}
