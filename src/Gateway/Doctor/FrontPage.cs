using System.Text;
using System.Text.RegularExpressions;
using Gateway.Configuration;

namespace Gateway.Doctor;

/// <summary>The first page and the scripts that it loads from the same place.</summary>
/// <param name="Files">As they came, the page first; empty when there is none.</param>
/// <param name="Source">Where it was fetched: through the gateway, or from the service itself.</param>
/// <param name="Problem">Why there is none; null when there is.</param>
internal sealed partial record FrontPage(IReadOnlyList<PageFile> Files, string Source, string? Problem)
{
    private const int MostFiles = 60;
    private const int LargestFile = 8 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    public static async Task<FrontPage> FetchAsync(Examination examination, CancellationToken cancellationToken)
    {
        FrontPage? first = null;
        foreach (var (client, root, source) in await ClientsAsync(examination))
        {
            using (client)
            {
                var page = await TryAsync(client, root, source, cancellationToken);
                if (page.Problem is null)
                {
                    return page;
                }

                first ??= page;
            }
        }

        return first ?? new FrontPage([], "", "neither the gateway nor the service of the front page runs");
    }

    /// <summary>Paths of WebSockets that the files name and that begin as a route does: <c>/ws/video</c>.</summary>
    public IReadOnlyList<(string Path, string File)> WebSocketPaths(string beginning) => beginning.Trim('/') is { Length: > 0 } name
        ? [.. Files.SelectMany(file => Regex.Matches(file.Text, """["'`/}]/?(""" + Regex.Escape(name) + """(?:/[A-Za-z0-9_.~/-]*)?)(?=[?"'`#])""")
            .Select(match => ("/" + match.Groups[1].Value, file.Path))).DistinctBy(pair => pair.Item1).Take(5)]
        : [];

    private static async Task<FrontPage> TryAsync(HttpMessageInvoker client, Uri root, string source, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            return await FetchAsync(client, root, source, limited.Token);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or System.Net.Sockets.SocketException)
        {
            return new FrontPage([], source, $"there was no answer {source}: {e.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FrontPage([], source, $"page and scripts did not come within {Patience.TotalSeconds:0} s");
        }
    }

    private static async Task<FrontPage> FetchAsync(HttpMessageInvoker client, Uri root, string source, CancellationToken cancellationToken)
    {
        var (at, status, page) = await GetPageAsync(client, root, cancellationToken);
        if (status != 200 || page is null)
        {
            return new FrontPage([], source, $"GET {at.AbsolutePath} is answered with {status}{(status == 200 ? ", which is no text" : "")}");
        }

        var files = new List<PageFile> { new(at.AbsolutePath, page, IsHtml: true) };
        var pending = new Queue<Uri>(Scripts(page, at));
        var seen = new HashSet<string> { at.AbsolutePath };
        while (pending.TryDequeue(out var script) && files.Count < MostFiles)
        {
            if (seen.Add(script.PathAndQuery) && await GetAsync(client, script, cancellationToken) is (200, { } text))
            {
                files.Add(new PageFile(script.AbsolutePath, text, IsHtml: false));
                // Modules load more.
                foreach (Match import in Import().Matches(text))
                {
                    if (Uri.TryCreate(script, import.Groups[1].Value, out var more) && more.Authority == root.Authority)
                    {
                        pending.Enqueue(more);
                    }
                }
            }
        }

        return new FrontPage(files, source, null);
    }

    private static async Task<(Uri At, int Status, string? Text)> GetPageAsync(HttpMessageInvoker client, Uri root, CancellationToken cancellationToken)
    {
        var at = root;
        for (var redirects = 0; ; redirects++)
        {
            using var response = await SendAsync(client, at, cancellationToken);
            if (redirects < 5 && response.Headers.Location is { } location && new Uri(at, location) is var next && next.Host == root.Host && (int)response.StatusCode is >= 300 and < 400)
            {
                // Where it goes on is the same site; the port is the one that was reached.
                at = new UriBuilder(next) { Scheme = root.Scheme, Port = root.Port }.Uri;
                continue;
            }

            return (at, (int)response.StatusCode, await TextAsync(response, cancellationToken));
        }
    }

    private static async Task<(int Status, string? Text)> GetAsync(HttpMessageInvoker client, Uri address, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(client, address, cancellationToken);
        return ((int)response.StatusCode, await TextAsync(response, cancellationToken));
    }

    private static Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, Uri address, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Accept", "text/html,*/*");
        request.Headers.TryAddWithoutValidation("User-Agent", "gateway-doctor");
        return client.SendAsync(request, cancellationToken);
    }

    private static async Task<string?> TextAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not { } type || !(type.StartsWith("text/", StringComparison.Ordinal) || type.Contains("script", StringComparison.Ordinal)))
        {
            return null;
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var content = new byte[LargestFile];
        var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(content, 0, length);
    }

    private static IEnumerable<Uri> Scripts(string page, Uri at) => Script().Matches(page)
        .Select(match => Uri.TryCreate(at, System.Net.WebUtility.HtmlDecode(match.Groups[1].Value), out var script) ? script : null)
        .OfType<Uri>().Where(script => script.Authority == at.Authority);

    // As a visitor gets it; where that fails, from the service that has it.
    private static async Task<IReadOnlyList<(HttpMessageInvoker Client, Uri Root, string Source)>> ClientsAsync(Examination examination)
    {
        var clients = new List<(HttpMessageInvoker, Uri, string)>();
        if (examination.IsRunning && PublicSide.Of(examination) is { } side)
        {
            clients.Add((side.CreateClient(), side.Origin, $"through the gateway at {side.Origin.GetLeftPart(UriPartial.Authority)}"));
        }

        var cluster = RoutePaths.For(examination.Configuration, "/")?.ClusterId;
        if ((await examination.ServicesAsync()).FirstOrDefault(s => s.IsUp && s.Failure is null && s.Cluster.Equals(cluster, StringComparison.OrdinalIgnoreCase)) is { } service)
        {
            clients.Add((ServiceQuestions.CreateClient(examination.Configuration.Clusters.First(c => c.ClusterId == service.Cluster)), new Uri(service.Address), $"from {service.Address}"));
        }

        return clients;
    }

    [GeneratedRegex("""<(?:script\b[^>]*?\bsrc|link\b(?=[^>]*\brel\s*=\s*["']?modulepreload)[^>]*?\bhref)\s*=\s*["']?([^"'\s>]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex Script();

    [GeneratedRegex("""\b(?:from|import)\s*\(?\s*["'](\.{0,2}/[^"'\s]+)["']""")]
    private static partial Regex Import();
}

/// <summary>One file of the front end.</summary>
internal sealed record PageFile(string Path, string Text, bool IsHtml);
