using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Acme;

/// <summary>What the CA says went wrong: a problem document (RFC 7807) with ACME's types and subproblems (RFC 8555 section 6.7).</summary>
internal sealed record AcmeProblem
{
    public const string AccountDoesNotExist = Prefix + "accountDoesNotExist";
    public const string AlreadyReplaced = Prefix + "alreadyReplaced";
    public const string AlreadyRevoked = Prefix + "alreadyRevoked";
    public const string BadNonce = Prefix + "badNonce";
    public const string Caa = Prefix + "caa";
    public const string Connection = Prefix + "connection";
    public const string Dns = Prefix + "dns";
    public const string ExternalAccountRequired = Prefix + "externalAccountRequired";
    public const string IncorrectResponse = Prefix + "incorrectResponse";
    public const string InvalidContact = Prefix + "invalidContact";
    public const string InvalidProfile = Prefix + "invalidProfile";
    public const string Malformed = Prefix + "malformed";
    public const string RateLimited = Prefix + "rateLimited";
    public const string RejectedIdentifier = Prefix + "rejectedIdentifier";
    public const string Tls = Prefix + "tls";
    public const string Unauthorized = Prefix + "unauthorized";
    public const string UnsupportedContact = Prefix + "unsupportedContact";
    public const string UnsupportedIdentifier = Prefix + "unsupportedIdentifier";
    public const string UserActionRequired = Prefix + "userActionRequired";

    private const string Prefix = "urn:ietf:params:acme:error:";
    private const int LongestText = 2000;
    private const int MostSubproblems = 100;

    // RFC 7807 section 4.2.
    [AllowNull]
    public string Type { get; init => field = value ?? "about:blank"; } = "about:blank";

    public string? Title { get; init; }
    public string? Detail { get; init; }
    public int? Status { get; init; }
    public string? Instance { get; init; }

    /// <summary>The name concerned; only subproblems have one (RFC 8555 section 6.7.1).</summary>
    public AcmeIdentifier? Identifier { get; init; }

    public IReadOnlyList<AcmeProblem>? Subproblems { get; init; }

    /// <summary>The CA's own words on one line: "rateLimited: too many certificates; example.com: caa: forbidden".</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Words());
        foreach (var subproblem in (Subproblems ?? []).OfType<AcmeProblem>().Take(MostSubproblems))
        {
            text.Append("; ");
            if (subproblem.Identifier is { } identifier)
            {
                text.Append(identifier).Append(": ");
            }

            text.Append(subproblem.Words());
        }

        return OneLine(text.ToString());
    }

    private string Words()
    {
        var type = Type.StartsWith(Prefix, StringComparison.Ordinal) ? Type[Prefix.Length..] : Type;
        var words = (Detail ?? Title) is { Length: > 0 } said ? $"{type}: {said}" : type;
        return Instance is { Length: > 0 } ? $"{words} (see {Instance})" : words;
    }

    /// <summary>Words of the CA's as they may stand in logs and on terminals, where a line break or an escape sequence from outside has no place.</summary>
    public static string OneLine(string text)
    {
        var line = string.Create(text.Length, text, static (line, text) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                line[i] = char.IsControl(text[i]) ? ' ' : text[i];
            }
        });
        return line.Length <= LongestText ? line : line[..LongestText] + "…";
    }
}
