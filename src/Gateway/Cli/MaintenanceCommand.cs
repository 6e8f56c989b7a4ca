using System.CommandLine;
using Gateway.Certificates;
using Gateway.Proxying;

namespace Gateway.Cli;

/// <summary>`gateway maintenance on|off`: the file that has a running gateway answer 503.</summary>
internal static class MaintenanceCommand
{
    public static Command Create() => Create(CertContext.OfThisProcess());

    public static Command Create(CertContext context)
    {
        var config = ConfigurationFile.CreateOption();
        var state = new Argument<string?>("STATE") { Description = "on or off; without it, says which it is.", Arity = ArgumentArity.ZeroOrOne };
        state.AcceptOnlyFromAmong("on", "off");
        var page = new Option<FileInfo>("--page") { Description = "With on: an HTML page for browsers, in place of the gateway's own.", HelpName = "FILE" };
        page.AcceptExistingOnly();
        var command = new Command("maintenance", "Answer new requests with 503 for a while; calls that are open go on.") { state, page, config };
        command.SetAction(parsed => Run(
            context, parsed.GetRequiredValue(config), parsed.GetValue(state), parsed.GetValue(page), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(CertContext context, string path, string? state, FileInfo? page, TextWriter output, TextWriter error)
    {
        var (configuration, errors) = context.Read(new FileInfo(path));
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(error, path, errors);
            return ExitCode.Failure;
        }

        var file = configuration.Gateway.Maintenance ?? Path.Combine(context.AcmeStateDirectory(configuration), Maintenance.FileName);
        try
        {
            Apply(file, state, page);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{file}: {e.Message}");
            error.WriteLine($"Only the gateway's user and root may change it: sudo gateway maintenance {state ?? ""} --config {path}");
            return ExitCode.Failure;
        }

        output.WriteLine(File.Exists(file)
            ? $"Maintenance is on: new requests get 503, open WebSockets go on. It ends with `gateway maintenance off`, or without the file {file}."
            : "Maintenance is off.");
        return ExitCode.Success;
    }

    private static void Apply(string file, string? state, FileInfo? page)
    {
        if (state == "off")
        {
            // No such folder: it was never on.
            if (Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            {
                File.Delete(file);
            }
        }
        else if (state == "on")
        {
            AtomicFile.Write(file, page is null ? [] : File.ReadAllBytes(page.FullName), AtomicFile.Public);
        }
    }
}
