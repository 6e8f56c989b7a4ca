using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.Tests.Acme.Fake;

/// <summary>Nonces that are good once.</summary>
internal sealed class FakeNonces(FakeAcmeBehaviour behaviour)
{
    private readonly HashSet<string> _unused = [];
    private readonly HashSet<string> _used = [];
    private readonly Random _dice = new(8555);

    public int Rejected { get; private set; }

    public string Create()
    {
        var nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        lock (_unused)
        {
            _unused.Add(nonce);
        }

        return nonce;
    }

    /// <summary>Takes a nonce in.</summary>
    /// <returns>False when the client sent one a second time, which it never should.</returns>
    /// <exception cref="FakeRefusal">badNonce.</exception>
    public bool Use(string? nonce)
    {
        lock (_unused)
        {
            if (nonce is null || _used.Contains(nonce))
            {
                return false;
            }

            if (!_unused.Remove(nonce) | !_used.Add(nonce) || _dice.Next(100) < behaviour.RejectNoncesPercent)
            {
                Rejected++;
                throw new FakeRefusal(400, "badNonce", "this nonce will not do");
            }

            return true;
        }
    }

    /// <summary>Forgets every nonce given out, as a CA does that starts again.</summary>
    public void Forget()
    {
        lock (_unused)
        {
            _unused.Clear();
        }
    }
}
