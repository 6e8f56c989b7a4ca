using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Platform;

/// <summary>Finds a request's features, a dozen times for each request. <see cref="IFeatureCollection.Get{TFeature}"/> is generic and virtual: natively compiled it is
/// looked up at each call, and compares types the slow way.</summary>
internal static class FeatureLookup
{
    /// <returns>Null where there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFeature? Find<TFeature>(this IFeatureCollection features)
        where TFeature : class
    {
        var feature = features[typeof(TFeature)];
        // Each is set under its own type; to have that looked up among the forty interfaces of a request takes as long as to find it.
        Debug.Assert(feature is null or TFeature, $"What is set for {typeof(TFeature)} is something else.");
        return Unsafe.As<TFeature?>(feature);
    }

    /// <returns>What routing has found; null before it, or where nothing matches.</returns>
    public static Endpoint? FindEndpoint(this HttpContext context) => context.Features.Find<IEndpointFeature>()?.Endpoint;
}
