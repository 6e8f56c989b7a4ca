namespace Gateway.Acme;

/// <summary>The nonces that came with earlier answers, each good for one request (RFC 8555 section 6.5).</summary>
internal sealed class NoncePool
{
    private const int Capacity = 16;
    private readonly List<string> _nonces = [];

    public void Add(string? nonce)
    {
        if (nonce is null)
        {
            return;
        }

        lock (_nonces)
        {
            if (_nonces.Count == Capacity)
            {
                _nonces.RemoveAt(0);
            }

            _nonces.Add(nonce);
        }
    }

    /// <summary>The newest: the retry after a badNonce error takes the nonce that came with the error.</summary>
    public string? Take()
    {
        lock (_nonces)
        {
            if (_nonces.Count == 0)
            {
                return null;
            }

            var newest = _nonces[^1];
            _nonces.RemoveAt(_nonces.Count - 1);
            return newest;
        }
    }
}
