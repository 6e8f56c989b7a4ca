namespace Gateway.Import.Nginx;

/// <summary>The users of an <c>auth_basic_user_file</c>.</summary>
/// <param name="Password">Null where only a hash is known, which nobody can turn into another.</param>
/// <param name="Kind">Of the hash, as people call it.</param>
internal sealed record Htpasswd(string User, string? Password, string Kind)
{
    public static IReadOnlyList<Htpasswd> Parse(string text)
    {
        var users = new List<Htpasswd>();
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries).Where(l => l.Length > 0 && l[0] != '#'))
        {
            // USER:HASH, and perhaps a comment behind another colon.
            if (line.Split(':', 2) is [{ Length: > 0 } user, var hash] && !user.Any(char.IsControl))
            {
                const string Plain = "{PLAIN}";
                users.Add(hash.StartsWith(Plain, StringComparison.OrdinalIgnoreCase)
                    ? new Htpasswd(user, hash[Plain.Length..], "plain text")
                    : new Htpasswd(user, null, KindOf(hash)));
            }
        }

        return users;
    }

    private static string KindOf(string hash) => hash switch
    {
        _ when hash.StartsWith("$apr1$", StringComparison.Ordinal) => "apr1",
        _ when hash.StartsWith("$2", StringComparison.Ordinal) => "bcrypt",
        _ when hash.StartsWith("{SHA}", StringComparison.OrdinalIgnoreCase) => "SHA-1",
        _ when hash.StartsWith("{SSHA}", StringComparison.OrdinalIgnoreCase) => "salted SHA-1",
        _ => "crypt",
    };
}
