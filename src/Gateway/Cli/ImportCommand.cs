using System.CommandLine;
using Gateway.Import.Nginx;

namespace Gateway.Cli;

/// <summary>`gateway import nginx FILE`: a gateway.json from an nginx configuration, and a report of what became of each line.</summary>
internal static class ImportCommand
{
    public static Command Create() => new("import", "Make a gateway.json from another server's configuration.") { CreateNginx() };

    private static Command CreateNginx()
    {
        var file = new Argument<string>("FILE") { Description = "/etc/nginx/nginx.conf, or one file of sites-enabled or conf.d. What it includes is read as well." };
        var output = new Option<string?>("--out")
        {
            Description = "The file to write. Without it the configuration goes to standard output and the report to standard error.",
            HelpName = "FILE",
        };
        var force = new Option<bool>("--force") { Description = "Overwrite a file that is there." };
        var strict = new Option<bool>("--strict") { Description = "End with 1 when something of the input is not supported; the file is written all the same." };
        var command = new Command("nginx", "Read an nginx configuration: every line of it is reported as kept, changed or not supported.") { file, output, force, strict };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file), parsed.GetValue(output), parsed.GetValue(force), parsed.GetValue(strict), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string path, string? output, bool force, bool strict, InvocationConfiguration console)
    {
        if (output is not null && File.Exists(output) && !force)
        {
            console.Error.WriteLine($"{output} is there already; it was left as it is. Overwrite it with --force, or choose another file with --out.");
            return ExitCode.Failure;
        }

        ImportReport report;
        string json;
        try
        {
            (var configuration, report) = NginxImport.Read(path);
            json = configuration.ToString();
        }
        catch (NginxSyntaxException e)
        {
            console.Error.WriteLine($"{e.Message}\nNothing was imported. `nginx -t` says the same where nginx is installed.");
            return ExitCode.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            console.Error.WriteLine($"{path} cannot be read: {e.Message}");
            return ExitCode.Failure;
        }

        if (output is null)
        {
            console.Output.Write(json);
        }
        else if (!NewFile.TryWrite(output, json, console.Error))
        {
            return ExitCode.Failure;
        }

        var text = output is null ? console.Error : console.Output;
        text.Write(report.Text());
        text.WriteLine();
        text.WriteLine(Summary(report));
        if (output is not null)
        {
            Check(output, text);
        }

        return strict && report.Lines.Any(line => line.Verdict == ImportVerdict.NotSupported) ? ExitCode.Failure : ExitCode.Success;
    }

    private static string Summary(ImportReport report)
    {
        var lines = report.Lines;
        int Count(ImportVerdict verdict) => lines.Count(line => line.Verdict == verdict);
        return $"""
            {lines.Count} directives: {Count(ImportVerdict.Kept)} kept, {Count(ImportVerdict.Changed)} changed, {Count(ImportVerdict.NotSupported)} not supported.
            Different everywhere: services are spoken to in HTTP/1.1; answers and uploads are streamed; %2F in a path is 400 unless the route has "EncodedSlashes";
            without another setting uploads may have 100 MB, services 5 minutes of silence, and WebSockets stay open; the gateway's errors are its own pages.
            """;
    }

    private static void Check(string path, TextWriter text)
    {
        var (_, errors) = ConfigurationFile.ReadWithCertificates(path);
        text.WriteLine(errors.Count == 0
            ? $"Wrote {path}. `gateway check --config {path}` finds nothing wrong with it."
            : $"Wrote {path}. `gateway check --config {path}` says:");
        foreach (var error in errors)
        {
            text.WriteLine($"  {error}");
        }
    }
}
