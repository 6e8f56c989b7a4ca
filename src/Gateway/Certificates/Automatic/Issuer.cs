using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>One CA with the gateway's account at it.</summary>
internal sealed class Issuer(AcmeIssuerOptions options, string? emailAddress, AcmeFolder folder, StateFiles files, TimeProvider time) : IDisposable
{
    /// <summary>How many orders are placed at one CA at the same time.</summary>
    public const int OrdersAtATime = 4;

    // The directory may change, and the CA may lose the account.
    private static readonly TimeSpan SessionLife = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _connecting = new(1);
    private readonly SemaphoreSlim _turns = new(OrdersAtATime);
    private HttpClient? _http;
    private AcmeClient? _client;
    private AcmeAccount? _account;
    private FileStamp _key;
    private long _connectedAt;

    public Uri Directory => options.DirectoryUrl;

    /// <summary>Where names are tried out; null when this CA has no such place.</summary>
    public Issuer? Staging { get; } = options.StagingUrl is { } staging
        ? new Issuer(options with { DirectoryUrl = staging, StagingUrl = null }, emailAddress, folder, files, time)
        : null;

    /// <summary>How far the CA's clock was ahead of ours (negative: behind) when it was last heard.</summary>
    public TimeSpan? ClockSkew => _client?.ClockSkew;

    /// <summary>Waits until this CA is not kept busy by others.</summary>
    /// <returns>To be disposed of when it may be somebody else's turn.</returns>
    public async Task<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        return new Turn(_turns);
    }

    /// <summary>The account, made or found with the stored key.</summary>
    /// <exception cref="AcmeException">The CA refuses or does not answer.</exception>
    /// <exception cref="IOException">The account's key cannot be kept.</exception>
    public async Task<AcmeAccount> OpenAccountAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            // Another process may have changed the account's key (`gateway cert rollover`).
            var key = FileStamp.Of(folder.AccountKey(options.DirectoryUrl));
            if (_account is null || key != _key || time.GetElapsedTime(_connectedAt) > SessionLife)
            {
                _client = await AcmeClient.ConnectAsync(Http(), options.DirectoryUrl, time, cancellationToken);

                // RFC 8555 section 7.3.1: with a key that has an account this finds it; a CA that lost it makes it anew.
                string[] contacts = emailAddress is null ? [] : ["mailto:" + emailAddress];
                _account = await _client.CreateAccountAsync(Key(), contacts, acceptTermsOfService: true, Binding(_client), cancellationToken);
                _key = FileStamp.Of(folder.AccountKey(options.DirectoryUrl));
                _connectedAt = time.GetTimestamp();
            }

            return _account;
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>Has the next call of <see cref="OpenAccountAsync"/> ask the CA again.</summary>
    public void Forget() => _account = null;

    /// <summary>The CA's advice about one of its certificates; null when it gives none.</summary>
    /// <exception cref="AcmeException">The CA refuses or does not answer.</exception>
    public async Task<RenewalInfo?> GetRenewalInfoAsync(string certificateId, CancellationToken cancellationToken)
    {
        // Needs no account, and is asked too rarely to keep a directory for it.
        _client = await AcmeClient.ConnectAsync(Http(), options.DirectoryUrl, time, cancellationToken);
        return await _client.GetRenewalInfoAsync(certificateId, cancellationToken);
    }

    public void Dispose()
    {
        Staging?.Dispose();
        _account?.Key.Dispose();
        _http?.Dispose();
        _connecting.Dispose();
        _turns.Dispose();
    }

    private HttpClient Http()
    {
        if (_http is null)
        {
            var roots = new X509Certificate2Collection();
            foreach (var path in options.TrustedRoots)
            {
                roots.AddRange(TrustedRoots.Read(path));
            }

            _http = AcmeHttp.CreateClient(roots.Count > 0 ? roots : null);
        }

        return _http;
    }

    private ExternalAccountBinding? Binding(AcmeClient client) => options.EabCredentials is { } binding && client.Directory.Meta.ExternalAccountRequired
        ? new ExternalAccountBinding(binding.KeyId, binding.Key, binding.Algorithm)
        : null;

    private AcmeKey Key()
    {
        var path = folder.AccountKey(options.DirectoryUrl);
        AtomicFile.CreateSecretFolder(Path.GetDirectoryName(path)!);
        try
        {
            if (File.Exists(path))
            {
                return AcmeKey.FromPem(File.ReadAllText(path));
            }
        }
        catch (CryptographicException e)
        {
            files.PutAside(path, e.Message);
        }

        // Of two processes that start at once both go on with the key that was there first.
        using (var fresh = AcmeKey.Create())
        {
            AtomicFile.TryCreate(path, Encoding.ASCII.GetBytes(fresh.ExportPem() + "\n"), AtomicFile.Secret);
        }

        return AcmeKey.FromPem(File.ReadAllText(path));
    }

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
