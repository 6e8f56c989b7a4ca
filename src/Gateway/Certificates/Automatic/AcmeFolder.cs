using System.Text;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// Where everything about automatic certificates lies: <c>acme</c> in the state directory. What a CA gave lies under that CA's
/// own folder, so that a certificate of a staging server is never taken for one of production.
/// </summary>
internal sealed class AcmeFolder(string stateDirectory)
{
    public string StateDirectory { get; } = Path.GetFullPath(stateDirectory);

    /// <summary>Attempts and plans, a file a name; locks beside them.</summary>
    public string Names => Path.Combine(Root, "names");

    /// <summary>Answers to open http-01 challenges, a file a token, for every gateway on this directory.</summary>
    public string Challenges => Path.Combine(Root, "challenges");

    /// <summary>What another process asks of the running gateway, an empty file a name.</summary>
    public string Requests => Path.Combine(Root, "requests");

    /// <summary>What became of each request, a file a name.</summary>
    public string Answers => Path.Combine(Root, "answers");

    public string Root => Path.Combine(StateDirectory, "acme");

    public string IssuerFolder(Uri directory) => Path.Combine(Root, "issuers", Escape(directory.Authority + directory.AbsolutePath));

    public string AccountKey(Uri directory) => Path.Combine(IssuerFolder(directory), "account.pem");

    public string CertificateFolder(Uri directory) => Path.Combine(IssuerFolder(directory), "certificates");

    /// <summary>Key, certificate and chain in one file, which is replaced whole.</summary>
    public string Certificate(Uri directory, AcmeIdentifier name) => Path.Combine(CertificateFolder(directory), FileName(name) + ".pem");

    public string NameState(AcmeIdentifier name) => Path.Combine(Names, FileName(name) + ".json");

    public string NameLock(AcmeIdentifier name) => Path.Combine(Names, FileName(name) + ".lock");

    /// <summary>A name as part of a path; no two names have the same.</summary>
    public static string FileName(AcmeIdentifier name) => Escape(name.Value.Replace('*', '/').Replace(':', '/'));

    // '/' becomes '_', which by itself is escaped; "*" and ":" never occur in the same name.
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in text)
        {
            _ = character switch
            {
                '/' => escaped.Append('_'),
                '.' or '-' => escaped.Append(character),
                _ when char.IsAsciiLetterOrDigit(character) => escaped.Append(char.ToLowerInvariant(character)),
                _ => escaped.Append($"%{(int)character:X2}"),
            };
        }

        return escaped.ToString();
    }
}
