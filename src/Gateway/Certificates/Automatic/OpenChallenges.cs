using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// The answers that a CA may ask for right now. Those to http-01 lie in the state directory too, for the CA may come to another
/// gateway on the same directory.
/// </summary>
internal sealed class OpenChallenges(AcmeFolder folder, TimeProvider time)
{
    private const int LongestToken = 256;
    private const int LongestAnswer = 1024;
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, string> _byToken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, X509Certificate2> _byServerName = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether handshakes have to be looked at.</summary>
    public bool HasTlsAlpn => !_byServerName.IsEmpty;

    /// <summary>http-01: what to answer for a token; null for a token of somebody else's.</summary>
    public string? KeyAuthorization(string token)
    {
        if (_byToken.TryGetValue(token, out var answer))
        {
            return answer;
        }

        try
        {
            var file = new FileInfo(Path.Combine(folder.Challenges, token));
            return IsToken(token) && file is { Exists: true, Length: <= LongestAnswer } ? File.ReadAllText(file.FullName) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>tls-alpn-01: the certificate to show for a server name; null when no such challenge is open.</summary>
    public X509Certificate2? TlsAlpnCertificate(string serverName) => _byServerName.GetValueOrDefault(serverName);

    public void Publish(ChallengeAnswer answer)
    {
        if (answer.Type == AcmeChallenge.TlsAlpn01)
        {
            _byServerName[answer.Identifier.ServerName] = answer.CreateTlsAlpnCertificate(time);
            return;
        }

        _byToken[answer.Token] = answer.KeyAuthorization;
        if (IsToken(answer.Token))
        {
            AtomicFile.CreateSecretFolder(folder.Challenges);
            AtomicFile.Write(Path.Combine(folder.Challenges, answer.Token), Encoding.ASCII.GetBytes(answer.KeyAuthorization), AtomicFile.Secret);
        }
    }

    public void Unpublish(ChallengeAnswer answer)
    {
        if (answer.Type == AcmeChallenge.TlsAlpn01)
        {
            // A handshake may still be using it; the garbage collector takes it.
            _byServerName.TryRemove(answer.Identifier.ServerName, out _);
            return;
        }

        _byToken.TryRemove(answer.Token, out _);
        if (IsToken(answer.Token))
        {
            File.Delete(Path.Combine(folder.Challenges, answer.Token));
        }
    }

    /// <summary>Removes what a process left that was stopped in the middle of an order.</summary>
    public void RemoveForgotten()
    {
        if (!Directory.Exists(folder.Challenges))
        {
            return;
        }

        var before = time.GetUtcNow() - Forgotten;
        foreach (var file in new DirectoryInfo(folder.Challenges).EnumerateFiles().Where(file => file.LastWriteTimeUtc < before.UtcDateTime))
        {
            file.Delete();
        }
    }

    // It becomes part of a path: nothing outside base64url (RFC 8555 section 8.3).
    private static bool IsToken(string token) =>
        token.Length is > 0 and <= LongestToken && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
