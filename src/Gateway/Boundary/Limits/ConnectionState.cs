using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>What a limit keeps for each connection, among the connection's items.</summary>
internal static class ConnectionState
{
    /// <returns>The one of this connection; null where there is none yet.</returns>
    public static T? Find<T>(ConnectionContext connection)
        where T : class
    {
        lock (connection.Items)
        {
            return connection.Items.TryGetValue(typeof(T), out var found) ? found as T : null;
        }
    }

    /// <returns>The one of this connection, made where there is none yet; null where the server has no connections, as in a test host.</returns>
    public static T? Of<T>(HttpContext context, Func<HttpContext, T> create)
        where T : class
    {
        if (context.Features.Find<IConnectionItemsFeature>()?.Items is not { } items)
        {
            return null;
        }

        // Requests of one connection are served side by side.
        lock (items)
        {
            if (items.TryGetValue(typeof(T), out var found) && found is T existing)
            {
                return existing;
            }

            var made = create(context);
            items[typeof(T)] = made;
            return made;
        }
    }
}
