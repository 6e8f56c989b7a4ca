using System.Collections.Concurrent;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

/// <summary>A client at the fake CA, with what it published for the CA to see. Nothing it sent may have been a violation.</summary>
internal sealed class AcmeSession : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly AcmeKey _key = AcmeKey.Create();

    private AcmeSession(FakeAcmeServer server, TimeProvider time)
    {
        Server = server;
        Time = time;
        _http = server.CreateHttpClient();
        Responder = new ChallengeResponder(
            (answer, _) =>
            {
                Published[answer.Token] = answer;
                return Task.CompletedTask;
            },
            (answer, _) =>
            {
                Published.TryRemove(answer.Token, out var _);
                return Task.CompletedTask;
            });
    }

    public FakeAcmeServer Server { get; }
    public FakeAcmeBehaviour Behaviour => Server.Behaviour;
    public TimeProvider Time { get; }
    public AcmeKey Key => _key;

    /// <summary>The answers in place right now, by token.</summary>
    public ConcurrentDictionary<string, ChallengeAnswer> Published { get; } = new();

    public ChallengeResponder Responder { get; set; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The fake CA demands that an answer is in place; what the options demand of it comes on top.</summary>
    public static async Task<AcmeSession> StartAsync(FakeAcmeOptions? options = null, TimeProvider? time = null)
    {
        options ??= new FakeAcmeOptions();
        time ??= new LeapingTime();
        AcmeSession? session = null;
        var server = await FakeAcmeServer.StartAsync(options with
        {
            Time = time,
            Validate = async (challenge, cancellationToken) =>
            {
                session!.CheckPublished(challenge);
                await options.Validate(challenge, cancellationToken);
            },
        });
        return session = new AcmeSession(server, time);
    }

    public Task<AcmeClient> ConnectAsync() => AcmeClient.ConnectAsync(_http, Server.DirectoryUrl, Time, Token);

    public async Task<AcmeAccount> CreateAccountAsync() =>
        await (await ConnectAsync()).CreateAccountAsync(_key, ["mailto:admin@example.com"], true, null, Token);

    public static CertificateOrder Order(params string[] names) => new()
    {
        Identifiers = [.. names.Select(AcmeIdentifier.Parse)],
        ChallengeType = AcmeChallenge.Http01,
        Key = CertificateKey.Create(CertificateKeyAlgorithm.ES256),
    };

    public async Task<IssuedCertificate> ObtainAsync(CertificateOrder order) =>
        await AcmeOrderFlow.ObtainAsync(await CreateAccountAsync(), order, Responder, Token);

    public Task<IssuedCertificate> ObtainAsync(params string[] names) => ObtainAsync(Order(names));

    private void CheckPublished(FakeChallenge challenge)
    {
        var isThere = Published.TryGetValue(challenge.Token, out var answer)
            && answer.KeyAuthorization == challenge.KeyAuthorization
            && answer.Type == challenge.Type;
        if (!isThere)
        {
            throw new FakeRefusal(403, "unauthorized", "nothing is published");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _key.Dispose();
        await Server.DisposeAsync();
        Assert.Empty(Server.Violations);
    }
}
