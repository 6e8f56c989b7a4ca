using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Boundary.Limits;

/// <summary>How many there are at once, in all and of each client.</summary>
internal sealed class Occupancy
{
    private readonly ConcurrentDictionary<ClientNetwork, int> _perClient = new();
    private int _total;

    public int Total => Volatile.Read(ref _total);

    /// <summary>Takes a place; whoever gets one gives it back with <see cref="Leave"/>.</summary>
    /// <param name="client">Null where clients have no address, or one that is not theirs: only the total counts then.</param>
    /// <param name="max">In all.</param>
    /// <param name="maxPerClient">Of this client; null means without limit.</param>
    public Entry TryEnter(IPAddress? client, int max, int? maxPerClient)
    {
        if (Interlocked.Increment(ref _total) > max)
        {
            Interlocked.Decrement(ref _total);
            return Entry.Full;
        }

        if (client is null)
        {
            return Entry.Granted;
        }

        // Counted even where no limit is set: a reload may set one.
        var count = _perClient.AddOrUpdate(ClientNetwork.Of(client), 1, static (_, count) => count + 1);
        if (count > maxPerClient)
        {
            Leave(client);
            return Entry.FullForClient;
        }

        return Entry.Granted;
    }

    public void Leave(IPAddress? client)
    {
        Interlocked.Decrement(ref _total);
        if (client is null)
        {
            return;
        }

        var network = ClientNetwork.Of(client);
        if (_perClient.AddOrUpdate(network, 0, static (_, count) => count - 1) <= 0)
        {
            // Only if it is still none: somebody may have come in meanwhile.
            _perClient.TryRemove(KeyValuePair.Create(network, 0));
        }
    }
}

/// <summary>Whether there was a place.</summary>
internal enum Entry
{
    Granted,
    Full,
    FullForClient,
}
