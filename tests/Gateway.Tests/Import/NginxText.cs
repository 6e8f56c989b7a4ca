using Gateway.Configuration;
using Gateway.Import.Nginx;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Import;

/// <summary>What the import makes of a configuration that a test writes.</summary>
internal sealed class NginxText : IDisposable
{
    private readonly TestFolder _folder = new();

    public NginxText(string text, params (string Name, string Text)[] files)
    {
        foreach (var (name, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            File.WriteAllText(_folder[name], content);
        }

        var path = _folder["nginx.conf"];
        File.WriteAllText(path, text);
        (var configuration, Report) = NginxImport.Read(path);
        Json = configuration.ToString();
        var output = _folder["gateway.json"];
        File.WriteAllText(output, Json);
        (Configuration, var errors) = ConfigurationReader.Read(output, new Dictionary<string, string>());
        Errors = [.. errors.Select(e => e.ToString())];
    }

    public ImportReport Report { get; }

    public string Json { get; }

    public GatewayConfiguration Configuration { get; }

    public IReadOnlyList<string> Errors { get; }

    /// <summary>One server for plain HTTP with these directives.</summary>
    public static NginxText Server(string directives, params (string Name, string Text)[] files) => new($"server {{\nlisten 80 default_server;\n{directives}\n}}\n", files);

    /// <summary>What the report says of the first directive that begins so: <c>kept</c>, or <c>changed: how</c>.</summary>
    public string Of(string directive)
    {
        var line = Report.Lines.First(l => l.Directive.ToString().StartsWith(directive, StringComparison.Ordinal));
        return ImportReport.Word(line.Verdict) + (line.Notes.Count > 0 ? ": " + string.Join("; ", line.Notes) : "");
    }

    public void Dispose() => _folder.Dispose();
}
