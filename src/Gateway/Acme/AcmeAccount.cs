using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Gateway.Acme;

/// <summary>
/// An account with a CA: a key and the URL that names it (RFC 8555 section 7.1.2), and everything that is asked for in its name.
/// Every method throws <see cref="AcmeException"/>; with <see cref="AcmeProblem.AccountDoesNotExist"/> when the CA has lost the account.
/// </summary>
internal sealed class AcmeAccount(AcmeClient client, AcmeKey key, Uri url)
{
    private static readonly byte[] EmptyObject = "{}"u8.ToArray();

    public AcmeClient Client => client;

    /// <summary>The key that signs for this account; another one after <see cref="ChangeKeyAsync"/>.</summary>
    public AcmeKey Key { get; private set; } = key;

    /// <summary>The account URL, the "kid" of every request.</summary>
    public Uri Url => url;

    public async Task<AccountStatus> ReadAsync(CancellationToken cancellationToken) =>
        (await PostAsGetAsync(url, "read the account", cancellationToken)).Read(AcmeJson.Default.AccountStatus);

    /// <summary>Replaces the contacts by others, "mailto:" URLs; an empty list removes them (RFC 8555 section 7.3.2).</summary>
    public Task UpdateContactsAsync(IReadOnlyList<string> contacts, CancellationToken cancellationToken) =>
        PostAsync(url, Json(new AccountRequest { Contact = contacts }), "update the account's contacts", cancellationToken);

    /// <summary>Ends the account for good (RFC 8555 section 7.3.6).</summary>
    public Task DeactivateAsync(CancellationToken cancellationToken) =>
        PostAsync(url, Json(new AccountRequest { Status = "deactivated" }), "deactivate the account", cancellationToken);

    /// <summary>Replaces the account's key by another (RFC 8555 section 7.3.5), which signs from then on.</summary>
    public async Task ChangeKeyAsync(AcmeKey newKey, CancellationToken cancellationToken)
    {
        var keyChange = client.Directory.KeyChange;
        var request = new KeyChangeRequest(url.OriginalString, Key.PublicKey);
        var payload = JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.KeyChangeRequest);

        // The new key signs the request, and the old one that whole signature.
        var inner = Jws.Sign(newKey, account: null, nonce: null, keyChange, payload);
        await PostAsync(keyChange, inner.ToBytes(), "change the account's key", cancellationToken);
        Key = newKey;
    }

    /// <summary>Revokes a certificate that this account ordered (RFC 8555 section 7.6).</summary>
    public Task RevokeAsync(X509Certificate2 certificate, RevocationReason? reason, CancellationToken cancellationToken) =>
        client.RevokeAsync(certificate, Key, url, reason, cancellationToken);

    /// <summary>RFC 8555 section 7.4.</summary>
    public async Task<AcmeOrder> PlaceOrderAsync(OrderRequest request, CancellationToken cancellationToken)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.OrderRequest);
        var attempt = $"place an order for {string.Join(", ", request.Identifiers)}";
        var answer = await PostAsync(client.Directory.NewOrder, payload, attempt, cancellationToken);
        return AcmeOrder.Read(answer, answer.RequireLocation());
    }

    public async Task<AcmeOrder> ReadOrderAsync(AcmeOrder order, CancellationToken cancellationToken) =>
        AcmeOrder.Read(await PostAsGetAsync(order.Url, $"read the order for {order.Names}", cancellationToken), order.Url);

    /// <summary>RFC 8555 section 7.5.</summary>
    public async Task<AcmeAuthorization> ReadAuthorizationAsync(Uri authorization, CancellationToken cancellationToken) =>
        AcmeAuthorization.Read(await PostAsGetAsync(authorization, "read an authorization", cancellationToken));

    /// <summary>Tells the CA that the answer to a challenge is published and may be looked at (RFC 8555 section 7.5.1).</summary>
    /// <returns>When the CA asks to look whether it has done so; null when it does not say.</returns>
    public async Task<TimeSpan?> AnswerAsync(AcmeChallenge challenge, AcmeIdentifier identifier, CancellationToken cancellationToken) =>
        (await PostAsync(challenge.Url, EmptyObject, $"answer the {challenge.Type} challenge for {identifier}", cancellationToken)).RetryAfter;

    /// <summary>Hands in the certificate request, in DER (RFC 8555 section 7.4).</summary>
    public async Task<AcmeOrder> FinalizeAsync(AcmeOrder order, byte[] csr, CancellationToken cancellationToken)
    {
        var request = new FinalizeRequest(Base64Url.EncodeToString(csr));
        var payload = JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.FinalizeRequest);
        var answer = await PostAsync(order.Finalize, payload, $"finalize the order for {order.Names}", cancellationToken);

        // The order's URL is the one that came with newOrder; this answer need not repeat it.
        return AcmeOrder.Read(answer, order.Url);
    }

    /// <summary>Downloads a chain, and tells where the same certificate can be had with other chains (RFC 8555 section 7.4.2).</summary>
    public async Task<(CertificateChain Chain, IReadOnlyList<Uri> Alternates)> DownloadAsync(
        Uri certificate, CancellationToken cancellationToken)
    {
        var answer = await PostAsGetAsync(certificate, "download the certificate", cancellationToken);
        return (CertificateChain.Read(answer), answer.Alternates);
    }

    private static byte[] Json(AccountRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request, AcmeJson.Default.AccountRequest);

    // RFC 8555 section 6.3: reading is a signed POST with nothing in it.
    private Task<AcmeAnswer> PostAsGetAsync(Uri resource, string attempt, CancellationToken cancellationToken) =>
        PostAsync(resource, [], attempt, cancellationToken);

    private Task<AcmeAnswer> PostAsync(Uri resource, byte[] payload, string attempt, CancellationToken cancellationToken) =>
        client.PostAsync(Key, url, resource, payload, attempt, cancellationToken);
}
