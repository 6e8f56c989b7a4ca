using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Configuration;

/// <summary>What is stored of a person's password: <c>pbkdf2-sha512:ITERATIONS:SALT:HASH</c>, the last two in Base64. Slow, because
/// people choose what can be guessed.</summary>
internal sealed class PasswordHash
{
    private const string Scheme = "pbkdf2-sha512";

    // OWASP's figure for PBKDF2 with HMAC-SHA-512.
    private const int Iterations = 210_000;
    private const int MostIterations = 10_000_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) => (_iterations, _salt, _hash) = (iterations, salt, hash);

    /// <summary>Fewer iterations than usual, more than a sign-in can wait for, or a short salt make it unusable as well.</summary>
    public static PasswordHash? TryParse(string text)
    {
        if (text.Split(':') is not [Scheme, var count, var salt64, var hash64]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < Iterations or > MostIterations
            || Bytes(salt64) is not { Length: >= SaltBytes } salt
            || Bytes(hash64) is not { Length: HashBytes } hash)
        {
            return null;
        }

        return new PasswordHash(iterations, salt, hash);
    }

    public static PasswordHash Of(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(Iterations, salt, Derive(password, salt, Iterations));
    }

    /// <summary>Some hundred milliseconds of work, whatever the answer.</summary>
    public bool Verifies(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, _salt, _iterations), _hash);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}:{_iterations}:{Convert.ToBase64String(_salt)}:{Convert.ToBase64String(_hash)}");

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA512, HashBytes);

    private static byte[]? Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
