using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Boundary.Access;

internal enum PasswordCheck { Right, Wrong, TooMany, Busy }

/// <summary>
/// Checks passwords of HTTP basic, which browsers send with every request: the slow hash is worked out once, and then it is remembered
/// that this password was right. What is remembered is a keyed hash whose key this process alone has, not the password.
/// </summary>
internal sealed class Passwords(FailedAttempts failures) : IDisposable
{
    private const int MostRemembered = 1024;
    private const int MostWaiting = 32;
    private const int LongestPassword = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, byte> _remembered = new();
    // Half of the processors stay free for those who are already known.
    private readonly SemaphoreSlim _working = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    public async Task<PasswordCheck> CheckAsync(AccessPolicy policy, string user, string password, IPAddress? client, CancellationToken cancellationToken)
    {
        if (password.Length > LongestPassword)
        {
            return PasswordCheck.Wrong;
        }

        var isKnown = policy.Basic.TryGetValue(user, out var known);
        // A user that there is not costs as much as one that there is.
        var hash = known ?? policy.Basic.Values.First();
        var memory = Memory(hash, password);
        if (isKnown && _remembered.ContainsKey(memory))
        {
            return PasswordCheck.Right;
        }

        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return PasswordCheck.Busy;
        }

        try
        {
            await _working.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            // Asked here, since those that came before may have failed in the meantime.
            if (failures.HasTriedTooManyPasswords(client))
            {
                return PasswordCheck.TooMany;
            }

            var isRight = await Task.Run(() => hash.Verifies(password), cancellationToken) && isKnown;
            if (!isRight)
            {
                failures.NotePassword(client);
                return PasswordCheck.Wrong;
            }
        }
        finally
        {
            _working.Release();
        }

        Remember(memory);
        return PasswordCheck.Right;
    }

    public void Dispose() => _working.Dispose();

    private void Remember(string memory)
    {
        if (_remembered.Count >= MostRemembered)
        {
            _remembered.Clear();
        }

        _remembered[memory] = 0;
    }

    // The stored hash is part of it: a changed password is not remembered.
    private string Memory(PasswordHash hash, string password) =>
        Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{hash}\n{password}")));
}
