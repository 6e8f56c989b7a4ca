using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>The names of a server as gateway.json writes them.</summary>
/// <param name="Hosts">example.com, *.example.com.</param>
/// <param name="IsCatchAll">Whether it is written for whatever no other server has.</param>
internal sealed partial record NginxNames(IReadOnlyList<string> Hosts, bool IsCatchAll)
{
    public static NginxNames Read(NginxScope server, bool isDefault, ImportReport report)
    {
        var hosts = new List<string>();
        var (names, isCatchAll) = (0, false);
        foreach (var directive in server.Own("server_name"))
        {
            report.Keep(directive);
            foreach (var name in directive.Arguments.Select(a => a.ToLowerInvariant()))
            {
                names++;
                if (name.Length == 0 || (!name.Contains('.', StringComparison.Ordinal) && name.Trim('_', '-', '!', '@', '#').Length == 0))
                {
                    isCatchAll = true;
                }
                else if (name[0] == '.' && Name().IsMatch(name[1..]))
                {
                    hosts.AddRange([name[1..], "*" + name]);
                }
                else if (Name().IsMatch(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name))
                {
                    hosts.Add(name);
                }
                else
                {
                    report.Refuse(directive, $"'{name}' is left out: write the names that it means under AllowedHosts and at the routes' Match:Hosts");
                }
            }
        }

        return new NginxNames([.. hosts.Distinct()], isDefault || isCatchAll || names == 0);
    }

    [GeneratedRegex(@"^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$")]
    private static partial Regex Name();
}
