using System.Text.RegularExpressions;
using Gateway.EndToEnd.Certificates;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Import;

/// <summary>One configuration of <c>tests/nginx</c>, laid out in a test's folder so that nginx serves it unchanged but for its paths.</summary>
internal sealed partial class ImportedSite
{
    private static readonly string Source = Path.Combine(Repository.Root, "tests/nginx");

    private ImportedSite(string configuration, string text) => (Configuration, Text) = (configuration, text);

    public static IEnumerable<string> Names => Directory.GetDirectories(Source).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal);

    /// <summary>The path of nginx.conf.</summary>
    public string Configuration { get; }

    /// <summary>All files in one.</summary>
    public string Text { get; }

    /// <summary>The ports of the services, and whether they speak TLS.</summary>
    public IEnumerable<(int Port, bool IsTls)> Services => ServiceAddress().Matches(Text)
        .Select(m => (Port: int.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture), IsTls: m.Groups[1].Value == "https://"))
        .Where(s => s.Port is not 9000)
        .DistinctBy(s => s.Port);

    /// <summary>The first port that is listened on.</summary>
    public int Port => int.Parse(ListenPort().Match(Text).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    public static IReadOnlyList<ComparedRequest> Requests(string name) => ComparedRequest.Parse(File.ReadAllLines(Path.Combine(Source, name, "requests.txt")));

    public static ImportedSite Prepare(string name, TestFolder folder)
    {
        var all = new List<string>();
        foreach (var file in Directory.GetFiles(Path.Combine(Source, name), "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("requests.txt", StringComparison.Ordinal)))
        {
            all.Add(Write(folder, Path.GetRelativePath(Path.Combine(Source, name), file), File.ReadAllText(file)));
        }

        if (!File.Exists(folder["nginx/nginx.conf"]))
        {
            all.Add(Write(folder, "nginx.conf", File.ReadAllText(Path.Combine(Source, "debian.conf"))));
        }

        foreach (var data in new[] { "mime.types", "fastcgi_params", "fastcgi.conf", "snippets/fastcgi-php.conf" })
        {
            var path = Path.Combine("/etc/nginx", data);
            folder.Write("nginx/" + data, File.Exists(path) ? File.ReadAllText(path) : "");
        }

        var text = string.Join('\n', all);
        folder.Write("nginx/logs/.keep", "");
        folder.Write("letsencrypt/options-ssl-nginx.conf", "ssl_session_timeout 1440m;\nssl_session_tickets off;\n");
        foreach (var root in SiteRoot().Matches(text).Select(m => m.Groups[1].Value).Where(r => r.StartsWith(folder.Path, StringComparison.Ordinal)))
        {
            folder.Write(Path.Combine(root, "index.html"), "<p>front end</p>");
            folder.Write(Path.Combine(root, "logo.txt"), "logo");
        }

        folder.Write("letsencrypt/ssl-dhparams.pem", File.ReadAllText(Path.Combine(Source, "ffdhe2048.pem")));
        foreach (Match pair in CertificatePair().Matches(text))
        {
            var pem = PemPair.Create();
            Directory.CreateDirectory(Path.GetDirectoryName(pair.Groups[1].Value)!);
            File.WriteAllText(pair.Groups[1].Value, pem.Certificate);
            File.WriteAllText(pair.Groups[2].Value, pem.Key);
            File.SetUnixFileMode(pair.Groups[2].Value, UnixFileMode.UserRead);
        }

        return new ImportedSite(folder["nginx/nginx.conf"], text);
    }

    private static string Write(TestFolder folder, string name, string text)
    {
        text = text.Replace("/etc/nginx/", folder["nginx/"], StringComparison.Ordinal)
            .Replace("/etc/letsencrypt/", folder["letsencrypt/"], StringComparison.Ordinal)
            .Replace("/etc/ssl/", folder["ssl/"], StringComparison.Ordinal)
            .Replace("/var/log/nginx/", folder["nginx/logs/"], StringComparison.Ordinal)
            .Replace("/var/www/", folder["www/"], StringComparison.Ordinal)
            .Replace("/run/nginx.pid", folder["nginx/nginx.pid"], StringComparison.Ordinal)
            .Replace("user www-data;", Environment.IsPrivilegedProcess ? "user root;" : "", StringComparison.Ordinal);
        folder.Write("nginx/" + name, text);
        return text;
    }

    [GeneratedRegex(@"(?:(https?://)|server\s+)(?:127\.0\.0\.\d|localhost):(\d+)")]
    private static partial Regex ServiceAddress();

    [GeneratedRegex(@"listen\s+(?:[\d.]+:|\[::\]:)?(\d+)\b")]
    private static partial Regex ListenPort();

    [GeneratedRegex(@"\broot\s+(\S+);")]
    private static partial Regex SiteRoot();

    [GeneratedRegex(@"ssl_certificate\s+(\S+);[^;]*\s*ssl_certificate_key\s+(\S+);")]
    private static partial Regex CertificatePair();
}
