using Gateway.Platform;

namespace Gateway.Proxying;

/// <summary>Marks a response as the gateway's own refusal, so that <see cref="ErrorResponses"/> fills it in; a service's own error
/// answers pass as they are.</summary>
/// <param name="Explanation">A sentence for the client; null where the status says it all.</param>
/// <param name="Cause">For the operator, who asks with `gateway explain`; null where the explanation says it. No client sees it.</param>
/// <param name="Setting">The key of the configuration that the cause is about; null where it is none.</param>
internal sealed record Refusal(string? Explanation, string? Cause = null, string? Setting = null)
{
    private static readonly Refusal Bare = new((string?)null);

    /// <param name="context">A request whose response has not started.</param>
    /// <param name="statusCode">400 to 599.</param>
    /// <param name="explanation">A sentence for the client; it must tell nothing that the client does not know.</param>
    /// <param name="cause">Words for the operator.</param>
    /// <param name="setting">The key that they are about.</param>
    public static void Set(HttpContext context, int statusCode, string? explanation = null, string? cause = null, string? setting = null)
    {
        context.Response.StatusCode = statusCode;
        context.Features.Set(explanation is null && cause is null ? Bare : new Refusal(explanation, cause, setting));
    }

    public static bool IsSet(HttpContext context) => context.Features.Find<Refusal>() is not null;
}
