namespace Gateway.EndToEnd.Import;

/// <summary>A request that both get, and in what they are known to differ.</summary>
/// <param name="Line"><c>GET https://chat.example.com/api/</c>.</param>
/// <param name="Headers">More of them.</param>
/// <param name="Body">Empty for none.</param>
/// <param name="Differs">What differs: <c>status</c>, <c>target</c>, <c>location</c>, <c>&gt;host</c> for a header that the service gets, <c>&lt;expires</c> for one that the client gets.</param>
/// <param name="Because">The directive that the report says this of: <c>chat:12</c>.</param>
internal sealed record ComparedRequest(string Line, IReadOnlyList<string> Headers, string Body, IReadOnlyList<string> Differs, IReadOnlyList<string> Because)
{
    public string Method => Line.Split(' ')[0];

    /// <summary>As it is written: a Uri would change it.</summary>
    public string Url => Line.Split(' ')[1];

    public bool IsTls => Url.StartsWith("https:", StringComparison.Ordinal);

    public string Host => Url.Split('/')[2];

    public int Port => Host.Split(':') is [_, var port] ? int.Parse(port, System.Globalization.CultureInfo.InvariantCulture) : IsTls ? 443 : 80;

    public string Target => Url[(Url.IndexOf("//", StringComparison.Ordinal) + 2 + Host.Length)..];

    /// <summary>A line for each request; below it, further in, its header lines, <c>body TEXT</c> and <c>differs WHAT ... because PLACE ...</c>.</summary>
    public static IReadOnlyList<ComparedRequest> Parse(IEnumerable<string> lines)
    {
        var requests = new List<ComparedRequest>();
        foreach (var line in lines.Where(l => l.Trim().Length > 0 && l[0] != '#'))
        {
            var text = line.Trim();
            if (line[0] != ' ')
            {
                requests.Add(new ComparedRequest(text, [], "", [], []));
            }
            else if (text.StartsWith("differs ", StringComparison.Ordinal))
            {
                var parts = text["differs ".Length..].Split(" because ");
                requests[^1] = requests[^1] with { Differs = parts[0].Split(' '), Because = parts.Length > 1 ? parts[1].Split(' ') : [] };
            }
            else if (text.StartsWith("body ", StringComparison.Ordinal))
            {
                requests[^1] = requests[^1] with { Body = text["body ".Length..] };
            }
            else
            {
                requests[^1] = requests[^1] with { Headers = [.. requests[^1].Headers, text] };
            }
        }

        return requests;
    }
}
