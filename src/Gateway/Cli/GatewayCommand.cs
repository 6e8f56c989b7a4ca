using System.CommandLine;

namespace Gateway.Cli;

/// <summary>The command line: one file a verb beside this one.</summary>
internal static class GatewayCommand
{
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("A reverse proxy for voice and video chat apps: HTTPS and WSS on one port, with certificates that look after themselves.")
        {
            RunCommand.Create(),
            DevCommand.Create(),
            CheckCommand.Create(),
            ExplainCommand.Create(),
            StatusCommand.Create(),
            DoctorCommand.Create(),
            TopCommand.Create(),
            CertCommand.Create(),
            KeyCommand.Create(),
            ImportCommand.Create(),
            InitCommand.Create(),
            MaintenanceCommand.Create(),
        };

        if (args.Length == 0)
        {
            root.Parse("--help").Invoke(new InvocationConfiguration { Output = error });
            return ExitCode.WrongUsage;
        }

        var command = root.Parse(args);
        if (command.Errors.Count > 0)
        {
            foreach (var mistake in command.Errors)
            {
                error.WriteLine(mistake.Message);
            }

            var verb = command.CommandResult.Command is RootCommand ? "" : command.CommandResult.Command.Name + " ";
            error.WriteLine($"See 'gateway {verb}--help'.");
            return ExitCode.WrongUsage;
        }

        // The host answers signals itself: it drains before it ends.
        return await command.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        });
    }
}
