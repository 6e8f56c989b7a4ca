namespace Gateway.Proxying.Services;

/// <summary>Connections to one service that wait for their next request. The one that was used last goes first, so that the others can age.</summary>
/// <param name="service">The same for all.</param>
internal sealed class KeptConnections(Http11Service service)
{
    private readonly Lock _lock = new();
    private readonly List<Http11Connection> _waiting = [];

    public Http11Service Service => service;

    public void Add(Http11Connection connection)
    {
        lock (_lock)
        {
            _waiting.Add(connection);
        }
    }

    /// <returns>Null when there is none.</returns>
    public Http11Connection? TakeLast()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return null;
            }

            var last = _waiting[^1];
            _waiting.RemoveAt(_waiting.Count - 1);
            return last;
        }
    }

    /// <summary>Ends some.</summary>
    /// <returns>Whether any is left.</returns>
    public bool AbortWhere(Predicate<Http11Connection> isToGo)
    {
        List<Http11Connection> gone;
        bool areLeft;
        lock (_lock)
        {
            gone = _waiting.FindAll(isToGo);
            _waiting.RemoveAll(gone.Contains);
            areLeft = _waiting.Count > 0;
        }

        gone.ForEach(static c => c.Abort());
        return areLeft;
    }
}
