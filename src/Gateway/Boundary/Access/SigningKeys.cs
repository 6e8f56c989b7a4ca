using Gateway.Certificates;
using Gateway.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Boundary.Access;

/// <summary>
/// The keys of one issuer, kept while they can be read anew: a file when it has changed, a URL every hour and when a token names a key
/// that is not among them, but never more than once a minute, and less often while it fails.
/// </summary>
internal sealed partial class SigningKeys(JwtOptions options, HttpClient http, TimeProvider time, ILogger<SigningKeys> logger)
{
    private static readonly TimeSpan FilePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UrlPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UrlAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private volatile IReadOnlyList<JsonWebKey>? _keys;
    private Task _reading = Task.CompletedTask;
    private FileStamp? _stamp;
    private DateTimeOffset _readAt;
    private DateTimeOffset _notBefore;
    private int _failures;

    /// <returns>The keys that a token with this header may be signed with; null while no keys could be read at all.</returns>
    public async Task<IReadOnlyList<JsonWebKey>?> FindAsync(string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        var found = Matching(algorithm, keyId);
        var reading = ReadIfDue(isMissing: found is not { Length: > 0 });
        if (found is { Length: > 0 } && options.JwksFile is null)
        {
            // What is an hour old will do until the answer is here.
            return found;
        }

        await reading.WaitAsync(cancellationToken);
        return Matching(algorithm, keyId);
    }

    private JsonWebKey[]? Matching(string algorithm, string? keyId) =>
        _keys?.Where(key => JsonWebKeys.Fits(key, algorithm, keyId)).ToArray();

    /// <returns>Ends when the reading that is under way, if there is one, has ended; never fails.</returns>
    private Task ReadIfDue(bool isMissing)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_reading.IsCompleted && now >= _notBefore && (isMissing || options.JwksFile is not null || now - _readAt >= UrlAge))
            {
                // Set before it ends: whoever comes in the meantime waits for this one.
                _notBefore = DateTimeOffset.MaxValue;
                _reading = Task.Run(ReadAsync, CancellationToken.None);
            }

            return _reading;
        }
    }

    private async Task ReadAsync()
    {
        var pause = options.JwksFile is null ? UrlPause : FilePause;
        try
        {
            await ReadOnceAsync();
            _failures = 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException or FormatException)
        {
            pause = TimeSpan.FromTicks(Math.Min(LastRetry.Ticks, FirstRetry.Ticks << Math.Min(_failures++, 20)));
            LogFailed(
                logger, options.Issuer, options.JwksFile ?? options.JwksUrl!.GetLeftPart(UriPartial.Path), e is OperationCanceledException ? "no answer within 10 s" : e.Message,
                _keys is null ? "its tokens get 503 until they can be read" : "the keys from before stay in use", (int)pause.TotalSeconds);
        }
        finally
        {
            lock (_lock)
            {
                _notBefore = time.GetUtcNow() + pause;
            }
        }
    }

    private async Task ReadOnceAsync()
    {
        if (options.JwksFile is { } path)
        {
            var stamp = FileStamp.Of(path);
            if (_keys is not null && stamp == _stamp)
            {
                return;
            }

            _keys = JsonWebKeys.Parse(await File.ReadAllBytesAsync(path));
            _stamp = stamp;
            return;
        }

        _keys = JsonWebKeys.Parse(await http.GetByteArrayAsync(options.JwksUrl));
        _readAt = time.GetUtcNow();
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning,
        Message = "The keys of the issuer {Issuer} could not be read from {Source}: {Reason}; {Consequence}. Next attempt in {Seconds} s at the earliest")]
    private static partial void LogFailed(ILogger logger, string issuer, string source, string reason, string consequence, int seconds);
}
