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
        where TFeature : class => (TFeature?)features[typeof(TFeature)];

    /// <returns>What routing has found; null before it, or where nothing matches.</returns>
    public static Endpoint? FindEndpoint(this HttpContext context) => context.Features.Find<IEndpointFeature>()?.Endpoint;
}
