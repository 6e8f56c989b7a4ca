using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Gateway.Acme;

/// <summary>Sends requests to one CA and reads its answers: signatures, nonces, limits (RFC 8555 section 6).</summary>
internal sealed class AcmeTransport(HttpClient http, TimeProvider time)
{
    /// <summary>How long the CA may take for one answer.</summary>
    public static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    // A CA that refuses nine nonces of ten still gets every request of an order through, to one in a million.
    private const int MostAttempts = 150;

    // The largest answer is a certificate chain: a hundred names and a few intermediates are some 20 KB.
    private const long LargestAnswer = 1024 * 1024;

    private static readonly ProductInfoHeaderValue Product =
        new("gateway", typeof(AcmeTransport).Assembly.GetName().Version?.ToString(3));

    private static readonly ProductInfoHeaderValue Library = new("dotnet", Environment.Version.ToString());

    // RFC 8555 section 6.2: exactly this, without parameters.
    private static readonly MediaTypeHeaderValue Jose = new("application/jose+json");

    private readonly NoncePool _nonces = new();

    public TimeProvider Time => time;

    /// <summary>How far the CA's clock was ahead of ours (negative: behind) at its last answer; null before the first.</summary>
    public TimeSpan? ClockSkew { get; private set; }

    public async Task<AcmeAnswer> GetAsync(Uri url, string attempt, CancellationToken cancellationToken)
    {
        RequireHttps(url, attempt);
        var answer = await SendAsync(HttpMethod.Get, url, body: null, attempt, cancellationToken);
        _nonces.Add(answer.Nonce);
        return answer.IsSuccess ? answer : throw AcmeException.Refused(attempt, answer);
    }

    /// <summary>Signs and sends, and does so again as long as the CA refuses nothing but the nonce (RFC 8555 section 6.5).</summary>
    public async Task<AcmeAnswer> PostAsync(
        Uri newNonce, AcmeKey key, Uri? account, Uri url, byte[] payload, string attempt, CancellationToken cancellationToken)
    {
        RequireHttps(newNonce, attempt);
        RequireHttps(url, attempt);
        for (var attempts = 1; ; attempts++)
        {
            var nonce = _nonces.Take() ?? await FetchNonceAsync(newNonce, attempt, cancellationToken);
            var body = Jws.Sign(key, account, nonce, url, payload).ToBytes();
            var answer = await SendAsync(HttpMethod.Post, url, body, attempt, cancellationToken);
            _nonces.Add(answer.Nonce);
            if (answer.IsSuccess)
            {
                return answer;
            }

            // A refused nonce costs one round trip and no quota, so there is nothing to wait for.
            var refusal = AcmeException.Refused(attempt, answer);
            if (!refusal.Is(AcmeProblem.BadNonce) || attempts == MostAttempts)
            {
                throw refusal;
            }
        }
    }

    private async Task<string> FetchNonceAsync(Uri newNonce, string attempt, CancellationToken cancellationToken)
    {
        // RFC 8555 section 7.2. It does not go through the pool, where another request might take it.
        var answer = await SendAsync(HttpMethod.Head, newNonce, body: null, attempt, cancellationToken);
        if (!answer.IsSuccess)
        {
            throw AcmeException.Refused(attempt, answer);
        }

        return answer.Nonce ?? throw new AcmeException(attempt, newNonce, $"{newNonce} answered without a usable Replay-Nonce.");
    }

    private async Task<AcmeAnswer> SendAsync(
        HttpMethod method, Uri url, byte[]? body, string attempt, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RequestLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = CreateRequest(method, url, body);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            await response.Content.LoadIntoBufferAsync(LargestAnswer, either.Token);
            return Read(response, await response.Content.ReadAsByteArrayAsync(either.Token), url, attempt);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw AcmeException.Unreachable(attempt, url, $"none within {RequestLimit.TotalSeconds:0} s.", e);
        }
        catch (HttpRequestException e)
        {
            // The outer message of a TLS failure only points to the inner one.
            var reason = e.InnerException is AuthenticationException tls ? tls.Message : e.Message;
            throw AcmeException.Unreachable(attempt, url, reason, e);
        }
    }

    // RFC 8555 section 6.1. The URLs are the CA's word.
    private static void RequireHttps(Uri url, string attempt)
    {
        if (!url.IsAbsoluteUri || url.Scheme != Uri.UriSchemeHttps)
        {
            throw new AcmeException(attempt, url, $"{url} is not an https URL.");
        }
    }

    private static HttpRequestMessage CreateRequest(HttpMethod method, Uri url, byte[]? body)
    {
        var request = new HttpRequestMessage(method, url);

        // RFC 8555 section 6.1: the client's name and version, those of its HTTP library, and a language for the errors.
        request.Headers.UserAgent.Add(Product);
        request.Headers.UserAgent.Add(Library);
        request.Headers.AcceptLanguage.Add(new StringWithQualityHeaderValue("en"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = Jose } };
        }

        return request;
    }

    private AcmeAnswer Read(HttpResponseMessage response, byte[] body, Uri url, string attempt)
    {
        var now = time.GetUtcNow();
        ClockSkew = response.Headers.Date - now;
        return new AcmeAnswer(attempt, url, (int)response.StatusCode, body)
        {
            ContentType = response.Content.Headers.ContentType?.MediaType,
            Nonce = Single(response.Headers, "Replay-Nonce") is { Length: > 0 } nonce && nonce.All(IsBase64Url) ? nonce : null,
            Location = Single(response.Headers, "Location") is { } location && Uri.TryCreate(url, location, out var absolute)
                ? absolute
                : null,
            RetryAfter = RetryAfter(response.Headers, now),
            Alternates = response.Headers.TryGetValues("Link", out var links)
                ? [.. LinkHeader.Targets(url, links, "alternate")]
                : [],
        };
    }

    // RFC 8555 section 6.5.1: a nonce of other characters must be ignored.
    private static bool IsBase64Url(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        // RFC 9110 section 10.2.3: seconds or a date. The date is the CA's, so its own clock tells how far away it is.
        var wait = headers.RetryAfter?.Delta ?? (headers.RetryAfter?.Date - (headers.Date ?? now));
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static string? Single(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
