using System.Security.Cryptography;
using System.Text;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// Gives the gateway's account at a CA another key (RFC 8555 section 7.3.5). The new key is on the disk before the CA hears of it,
/// so that whoever stops in the middle can run it once more and loses nothing.
/// </summary>
internal static class AccountKeyRollover
{
    /// <returns>Whether there was an account with a key.</returns>
    /// <exception cref="AcmeException">The CA refuses or does not answer; the key is as it was.</exception>
    /// <exception cref="CryptographicException">The stored key is damaged.</exception>
    /// <exception cref="IOException">A key cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">A key cannot be kept.</exception>
    public static async Task<bool> RunAsync(AcmeClient client, string keyPath, CancellationToken cancellationToken)
    {
        if (!File.Exists(keyPath))
        {
            return false;
        }

        var nextPath = keyPath + ".next";
        if (!File.Exists(nextPath))
        {
            using var fresh = AcmeKey.Create();
            AtomicFile.TryCreate(nextPath, Encoding.ASCII.GetBytes(fresh.ExportPem() + "\n"), AtomicFile.Secret);
        }

        using var next = AcmeKey.FromPem(await File.ReadAllTextAsync(nextPath, cancellationToken));
        if (!await HasAccountAsync(client, next, cancellationToken))
        {
            using var current = AcmeKey.FromPem(await File.ReadAllTextAsync(keyPath, cancellationToken));
            var account = await client.FindAccountAsync(current, cancellationToken);
            await account.ChangeKeyAsync(next, cancellationToken);
        }

        Overwrite(keyPath, Encoding.ASCII.GetBytes(next.ExportPem() + "\n"));
        File.Delete(nextPath);
        return true;
    }

    // That the CA knows it already shows that an earlier run got that far.
    private static async Task<bool> HasAccountAsync(AcmeClient client, AcmeKey key, CancellationToken cancellationToken)
    {
        try
        {
            await client.FindAccountAsync(key, cancellationToken);
            return true;
        }
        catch (AcmeException e) when (e.Is(AcmeProblem.AccountDoesNotExist))
        {
            return false;
        }
    }

    // In place and not by a rename: root runs this, and the file has to stay the gateway's user's. The other copy is there meanwhile.
    private static void Overwrite(string path, byte[] content)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None);
        file.Write(content);
        file.SetLength(content.Length);
        file.Flush(flushToDisk: true);
    }
}
