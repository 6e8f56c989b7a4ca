namespace Gateway.Proxying;

/// <summary>Marks a response as the gateway's own refusal, so that <see cref="ErrorResponses"/> fills it in; a service's own error
/// answers pass as they are.</summary>
internal sealed class Refusal
{
    private static readonly Refusal Mark = new();

    public static void Set(HttpContext context, int statusCode)
    {
        context.Response.StatusCode = statusCode;
        context.Features.Set(Mark);
    }

    public static bool IsSet(HttpContext context) => context.Features.Get<Refusal>() is not null;
}
