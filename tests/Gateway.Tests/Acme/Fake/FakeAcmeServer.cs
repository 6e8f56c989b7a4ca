using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.Acme;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Acme.Fake;

/// <summary>
/// A CA in the test's own process: real TLS, real signatures, real certificates. It checks all that RFC 8555 lets it check,
/// notes in <see cref="Violations"/> what no client should ever send, and misbehaves as <see cref="Behaviour"/> says.
/// </summary>
internal sealed class FakeAcmeServer : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly X509Certificate2 _endpointCertificate;
    private readonly FakeNonces _nonces;
    private readonly FakeAccounts _accounts;
    private readonly FakeOrders _orders;
    private readonly FakeCertificates _certificates;
    private readonly ConcurrentDictionary<FakeResource, int> _requests = new();
    private readonly Lock _gate = new();
    private string _root = "";

    private FakeAcmeServer(FakeAcmeOptions options)
    {
        Options = options;
        Authority = new FakeCertificateAuthority(options.AlternateChains);
        _nonces = new FakeNonces(Behaviour);
        _accounts = new FakeAccounts(this);
        _certificates = new FakeCertificates(this);
        _orders = new FakeOrders(this, _certificates);
        _endpointCertificate = Authority.IssueForEndpoint();

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = _endpointCertificate;
                https.ServerCertificateChain = Authority.EndpointIntermediates;
            })));
        _host = builder.Build();
        _host.Run(HandleAsync);
    }

    public FakeAcmeOptions Options { get; }
    public FakeAcmeBehaviour Behaviour { get; } = new();
    public FakeCertificateAuthority Authority { get; }

    public Uri DirectoryUrl => new(Url("directory"));

    /// <summary>What a client has to trust to speak to this CA.</summary>
    public X509Certificate2Collection Roots => [Authority.Roots[0]];

    /// <summary>What the client did that no client should: bad signatures, used nonces, wrong headers. Empty is good.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    public IReadOnlyList<FakeAccount> Accounts => Read(() => _accounts.All.ToList());
    public IReadOnlyList<FakeOrder> Orders => Read(() => _orders.All.ToList());
    public IReadOnlyList<FakeCertificate> Certificates => Read(() => _certificates.All.ToList());
    public int OrdersPlaced => Read(() => _orders.All.Count);
    public int NoncesRejected => _nonces.Rejected;

    public static async Task<FakeAcmeServer> StartAsync(FakeAcmeOptions? options = null)
    {
        var server = new FakeAcmeServer(options ?? new FakeAcmeOptions());
        await server._host.StartAsync();
        var address = server._host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server._root = $"https://localhost:{new Uri(address).Port}/";
        return server;
    }

    public string Url(string path) => _root + path;

    /// <summary>How many requests for a kind of resource came in, good ones and bad ones.</summary>
    public int Requests(FakeResource resource) => _requests.GetValueOrDefault(resource);

    /// <summary>An HTTP client that trusts this CA's endpoint.</summary>
    public HttpClient CreateHttpClient() => AcmeHttp.CreateClient(Roots);

    /// <summary>Loses every account, as a test CA does that starts again.</summary>
    public void ForgetAccounts()
    {
        lock (_gate)
        {
            _accounts.Forget();
        }
    }

    public void ForgetNonces() => _nonces.Forget();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _endpointCertificate.Dispose();
        Authority.Dispose();
    }

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        var resource = Resource(context.Request.Path);
        _requests.AddOrUpdate(resource, 1, (_, count) => count + 1);
        if (Behaviour.Hold is { } hold)
        {
            await hold(resource, context.RequestAborted);
        }

        if (Behaviour.IsDown)
        {
            context.Abort();
            return;
        }

        FakeAnswer answer;
        try
        {
            if (Behaviour.Refuse?.Invoke(resource) is { } refusal)
            {
                throw refusal;
            }

            answer = await AnswerAsync(context, resource);
            answer = answer with { RetryAfter = Behaviour.RetryAfter?.Invoke(resource) };
        }
        catch (FakeRefusal refusal)
        {
            answer = FakeAnswer.Refused(refusal);
        }

        if (Behaviour.LoseAnswer?.Invoke(resource) == true)
        {
            context.Abort();
            return;
        }

        await WriteAsync(context, resource, answer);
    }

    private async Task<FakeAnswer> AnswerAsync(HttpContext context, FakeResource resource)
    {
        if (string.IsNullOrEmpty(context.Request.Headers.UserAgent))
        {
            throw Violation("no User-Agent"); // RFC 8555 section 6.1
        }

        switch (resource)
        {
            case FakeResource.Directory when HttpMethods.IsGet(context.Request.Method):
                return FakeAnswer.Json(Directory());
            case FakeResource.NewNonce when HttpMethods.IsHead(context.Request.Method):
                return FakeAnswer.Empty();
            case FakeResource.RenewalInfo when HttpMethods.IsGet(context.Request.Method):
                return Read(() => _certificates.Advise(context.Request.Path.Value!["/renewal-info/".Length..]));
        }

        if (!HttpMethods.IsPost(context.Request.Method) || resource == FakeResource.Unknown)
        {
            throw new FakeRefusal(405, "malformed", $"{context.Request.Method} {context.Request.Path}");
        }

        var url = Url(context.Request.Path.Value![1..]);
        var (jws, account) = await AuthenticateAsync(context, resource, url);
        return resource == FakeResource.Challenge
            ? await ChallengeAsync(account!, url, jws, context.RequestAborted)
            : Read(() => Answer(resource, account, url, jws));
    }

    private FakeAnswer Answer(FakeResource resource, FakeAccount? account, string url, FakeJws jws) => resource switch
    {
        FakeResource.NewAccount => _accounts.Create(jws),
        FakeResource.RevokeCertificate => _certificates.Revoke(account, jws),
        FakeResource.Account when account!.Url == url => _accounts.Update(account, jws),
        FakeResource.KeyChange => _accounts.ChangeKey(account!, jws),
        FakeResource.NewOrder => _orders.Place(account!, jws),
        FakeResource.Finalize => _orders.Finalize(account!, url[..^"/finalize".Length], jws),
        FakeResource.Order when IsPostAsGet(jws) => _orders.Read(account!, url),
        FakeResource.Authorization when IsPostAsGet(jws) => _orders.ReadAuthorization(account!, url),
        FakeResource.Certificate when IsPostAsGet(jws) => _certificates.Download(account!, url),
        _ => throw new FakeRefusal(403, "unauthorized", $"{url} is not yours"),
    };

    private async Task<FakeAnswer> ChallengeAsync(FakeAccount account, string url, FakeJws jws, CancellationToken cancellationToken)
    {
        if (!jws.Payload.AsSpan().SequenceEqual("{}"u8))
        {
            throw Violation("a challenge answered with something else than {}"); // RFC 8555 section 7.5.1
        }

        var challenge = Read(() => _orders.FindChallenge(account, url));
        if (challenge.ValidatedAt is not null)
        {
            return Read(() => _orders.ShowChallenge(challenge));
        }

        FakeRefusal? error = null;
        try
        {
            await Options.Validate(challenge, cancellationToken);
        }
        catch (FakeRefusal refusal)
        {
            error = refusal;
        }

        return Read(() => _orders.NoteValidation(challenge, error));
    }

    private async Task<(FakeJws Jws, FakeAccount? Account)> AuthenticateAsync(HttpContext context, FakeResource resource, string url)
    {
        if (context.Request.ContentType != "application/jose+json")
        {
            throw Violation($"the content type {context.Request.ContentType}"); // RFC 8555 section 6.2
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var jws = FakeJws.Parse(body.ToArray());
        if ((string?)jws.Header["url"] != url)
        {
            throw Violation($"a request for {url} signed for {jws.Header["url"]}"); // RFC 8555 section 6.4
        }

        if (!_nonces.Use((string?)jws.Header["nonce"]))
        {
            throw Violation("a nonce that was used before"); // RFC 8555 section 6.5
        }

        // RFC 8555 section 6.2: "jwk" for newAccount and revocation by certificate key, "kid" for all else, never both.
        var isSignedRight = (jws.Jwk is not null, jws.KeyId is not null) switch
        {
            (true, false) => resource is FakeResource.NewAccount or FakeResource.RevokeCertificate,
            (false, true) => resource is not FakeResource.NewAccount,
            _ => false,
        };
        if (!isSignedRight)
        {
            throw Violation($"a {resource} request with jwk {jws.Jwk is not null} and kid {jws.KeyId is not null}");
        }

        var account = jws.KeyId is null ? null : Read(() => _accounts.Find(jws.KeyId));
        try
        {
            jws.VerifySignature(account?.Jwk ?? jws.Jwk!);
        }
        catch (FakeRefusal refusal)
        {
            throw Violation(refusal.Message);
        }

        return (jws, account);
    }

    private bool IsPostAsGet(FakeJws jws) =>
        jws.Payload.Length == 0 ? true : throw Violation("a payload where POST-as-GET has none"); // RFC 8555 section 6.3

    private JsonObject Directory()
    {
        var meta = new JsonObject
        {
            ["termsOfService"] = Url("terms"),
            ["website"] = Url(""),
            ["caaIdentities"] = new JsonArray("ca.example"),
            ["externalAccountRequired"] = Options.ExternalAccountKeys.Count > 0,
        };
        if (Options.Profiles.Count > 0)
        {
            meta["profiles"] = new JsonObject(Options.Profiles.Select(profile => KeyValuePair.Create(profile.Key, (JsonNode?)profile.Value)));
        }

        var directory = new JsonObject
        {
            ["newNonce"] = Url("new-nonce"),
            ["newAccount"] = Url("new-account"),
            ["newOrder"] = Url("new-order"),
            ["revokeCert"] = Url("revoke"),
            ["keyChange"] = Url("key-change"),
            ["meta"] = meta,
            ["Yd8w-a-random-key"] = "https://example.org/why-this-is-here",
        };
        if (Options.HasRenewalInfo)
        {
            directory["renewalInfo"] = Url("renewal-info");
        }

        return directory;
    }

    private FakeRefusal Violation(string what)
    {
        Violations.Enqueue(what);
        return new FakeRefusal(400, "malformed", what);
    }

    private async Task WriteAsync(HttpContext context, FakeResource resource, FakeAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.Date = (Options.Time.GetUtcNow() + Behaviour.ClockOffset).ToString("R");
        response.Headers.CacheControl = "no-store";
        response.Headers.Link = new([$"<{DirectoryUrl}>;rel=\"index\"", .. answer.Links]);
        response.Headers.Location = answer.Location;
        response.Headers.RetryAfter = answer.RetryAfter;
        response.ContentType = answer.ContentType.Length == 0 ? null : answer.ContentType;
        if (resource == FakeResource.NewNonce || (resource is not (FakeResource.Directory or FakeResource.RenewalInfo) && !Behaviour.IsSparingWithNonces))
        {
            response.Headers["Replay-Nonce"] = _nonces.Create();
        }

        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static FakeResource Resource(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["directory"] => FakeResource.Directory,
        ["new-nonce"] => FakeResource.NewNonce,
        ["new-account"] => FakeResource.NewAccount,
        ["account", _] => FakeResource.Account,
        ["key-change"] => FakeResource.KeyChange,
        ["new-order"] => FakeResource.NewOrder,
        ["order", _] => FakeResource.Order,
        ["order", _, "finalize"] => FakeResource.Finalize,
        ["authorization", _] => FakeResource.Authorization,
        ["challenge", _, _] => FakeResource.Challenge,
        ["certificate", _] or ["certificate", _, _] => FakeResource.Certificate,
        ["revoke"] => FakeResource.RevokeCertificate,
        ["renewal-info", _] => FakeResource.RenewalInfo,
        _ => FakeResource.Unknown,
    };
}
