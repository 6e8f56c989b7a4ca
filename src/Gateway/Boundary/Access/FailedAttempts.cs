using System.Net;
using Gateway.Boundary.Limits;

namespace Gateway.Boundary.Access;

/// <summary>Who was refused lately, by address: for one line a minute in the log, and for an end to guessing passwords.</summary>
internal sealed partial class FailedAttempts(TimeProvider time, ILogger<FailedAttempts> logger)
{
    /// <summary>Wrong passwords from one address in a minute before more are refused unread.</summary>
    public const int MostPasswords = 10;

    private const int MostClients = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ClientNetwork, Attempts> _byClient = [];

    /// <summary>Logs the first of a minute.</summary>
    public void Note(IPAddress? client, string route, string policy, string reason)
    {
        bool isFirst;
        lock (_lock)
        {
            var attempts = Of(client);
            isFirst = !attempts.IsLogged;
            attempts.IsLogged = true;
        }

        if (isFirst)
        {
            LogRefused(logger, client, route, policy, reason);
        }
    }

    public void NotePassword(IPAddress? client)
    {
        lock (_lock)
        {
            Of(client).Passwords++;
        }
    }

    public bool HasTriedTooManyPasswords(IPAddress? client)
    {
        lock (_lock)
        {
            return _byClient.TryGetValue(Key(client), out var attempts) && IsCurrent(attempts) && attempts.Passwords >= MostPasswords;
        }
    }

    private Attempts Of(IPAddress? client)
    {
        var key = Key(client);
        if (_byClient.TryGetValue(key, out var attempts) && IsCurrent(attempts))
        {
            return attempts;
        }

        if (_byClient.Count >= MostClients)
        {
            foreach (var old in _byClient.Where(entry => !IsCurrent(entry.Value)).Select(entry => entry.Key).ToArray())
            {
                _byClient.Remove(old);
            }

            // So many at once are not worth telling apart.
            if (_byClient.Count >= MostClients)
            {
                _byClient.Clear();
            }
        }

        return _byClient[key] = new Attempts(time.GetTimestamp());
    }

    private bool IsCurrent(Attempts attempts) => time.GetElapsedTime(attempts.Since) < Window;

    private static ClientNetwork Key(IPAddress? client) => client is null ? default : ClientNetwork.Of(client);

    private sealed class Attempts(long since)
    {
        public long Since => since;

        public bool IsLogged { get; set; }

        public int Passwords { get; set; }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning,
        Message = "Refused {Client} at route {Route}, policy {Policy}: {Reason}. More from this address are not reported for a minute")]
    private static partial void LogRefused(ILogger logger, IPAddress? client, string route, string policy, string reason);
}
