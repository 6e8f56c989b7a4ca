using System.CommandLine;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Observability;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary><c>gateway dev</c>: trusted HTTPS on a developer's machine, with the services beside it in one command.</summary>
internal static class DevCommand
{
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var lan = new Option<bool>("--lan")
        {
            Description = "Listen on all addresses, for phones and other machines on the network; without it, on this machine only.",
        };
        var child = new Argument<string[]>("COMMAND")
        {
            Description = "Starts the services: run beside the gateway and stopped with it. Write it after --.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        child.Validators.Add(result =>
        {
            // A misspelled option would be taken for the command.
            if (result.Tokens is [{ Value: ['-', ..] option }, ..])
            {
                result.AddError($"Unrecognized option '{option}'.");
            }
        });
        var command = new Command(
            "dev",
            $"Serve on https://localhost:{EndpointOverrides.DevHttpsPort} and {EndpointOverrides.DevSecondHttpsPort} and "
            + $"http://localhost:{EndpointOverrides.DevHttpPort} with the local certificate authority, whatever endpoints the file names.")
        {
            config, lan, child,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(lan),
            parsed.GetValue(child) ?? [],
            TextWriter.Synchronized(parsed.InvocationConfiguration.Output),
            parsed.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string path, bool lan, string[] command, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var source = new ConfigurationSource(path, () => Read(path, lan));
        var (configuration, errors) = source.Read();
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(error, path, errors);
            return ExitCode.Failure;
        }

        await using var gateway = await StartedGateway.StartAsync(configuration, source, HostMode.Dev, lan ? output : null, error, cancellationToken);
        if (gateway is null)
        {
            return ExitCode.Failure;
        }

        if (!configuration.SslEnabled)
        {
            error.WriteLine(StartupLog.PlainHttpWarning);
        }

        await gateway.WriteReportAsync(output, cancellationToken);
        if (command.Length == 0)
        {
            await gateway.App.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Success;
        }

        return await RunWithChildAsync(gateway, configuration, command, output, error, cancellationToken);
    }

    private static ConfigurationResult Read(string path, bool lan)
    {
        var (configuration, errors) = ConfigurationReader.Read(path, ProcessEnvironment.Variables());
        configuration = EndpointOverrides.ForDevelopment(configuration, lan);
        return new ConfigurationResult(configuration.SslEnabled ? configuration : EndpointOverrides.ForPlainHttp(configuration), errors);
    }

    private static async Task<int> RunWithChildAsync(
        StartedGateway gateway, GatewayConfiguration configuration, string[] command, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ChildCommand child;
        try
        {
            child = ChildCommand.Start(command, output);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            error.WriteLine($"Cannot start '{command[0]}': {exception.Message}. Check the command after --.");
            return ExitCode.Failure;
        }

        await using (child)
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(gateway.App.Lifetime.ApplicationStopping, cancellationToken);
            var exited = child.WaitForExitAsync(stopping.Token);
            try
            {
                if (await ShowServicesAsync(configuration, exited, output, stopping.Token))
                {
                    output.WriteLine($"Ready: {gateway.OpenAddress}");
                }

                var exitCode = await exited;
                error.WriteLine($"'{string.Join(' ', command)}' ended with exit code {exitCode}, so the gateway ends as well.");
                return exitCode;
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Success;
            }
        }
    }

    /// <summary>Says which services are up as they come, until all are.</summary>
    /// <returns>False when the command died first.</returns>
    private static async Task<bool> ShowServicesAsync(
        GatewayConfiguration configuration, Task exited, TextWriter output, CancellationToken cancellationToken)
    {
        var waiting = RouteLine.All(configuration).SelectMany(r => r.Destinations).Distinct().ToList();
        using var timer = new PeriodicTimer(ProbePeriod);
        while (!exited.IsCompleted)
        {
            foreach (var address in waiting.ToArray())
            {
                if (await ServiceProbe.IsUpAsync(address, cancellationToken))
                {
                    waiting.Remove(address);
                    output.WriteLine($"Up: {address}{(waiting.Count > 0 ? $", waiting for {string.Join(", ", waiting)}" : "")}");
                }
            }

            if (waiting.Count == 0)
            {
                return true;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return false;
    }
}
