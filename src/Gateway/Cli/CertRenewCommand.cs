using System.CommandLine;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;

namespace Gateway.Cli;

/// <summary>`gateway cert renew`: has the running gateway renew now, and says what came of it.</summary>
internal static class CertRenewCommand
{
    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var name = new Argument<string?>("NAME")
        {
            Description = "One of LettuceEncrypt:DomainNames; all of them without it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Only try it out at the CA's staging server; the certificate, the account and the plans stay as they are.",
        };
        var command = new Command("renew", "Have the running gateway renew certificates now, whether they are due or not.") { name, dryRun, config };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context, parsed.GetRequiredValue(config), parsed.GetValue(name), parsed.GetValue(dryRun), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CertContext context, FileInfo config, string? wanted, bool dryRun, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var command = $"gateway cert renew{(wanted is null ? "" : " " + wanted)}{(dryRun ? " --dry-run" : "")} --config {config}";
        if (context.OpenAcme(config, command, console.Error) is not { } state)
        {
            return ExitCode.Failure;
        }

        var names = wanted is null ? state.Names : [.. state.Names.Where(name => name.Value.Equals(wanted.TrimEnd('.'), StringComparison.OrdinalIgnoreCase))];
        if (names.Count == 0)
        {
            console.Error.WriteLine($"'{wanted}' is not among LettuceEncrypt:DomainNames of {config}: {string.Join(", ", state.Names)}.");
            return ExitCode.Failure;
        }

        var outcomes = await AskAsync(state, names, dryRun, command, context.Clock, console, cancellationToken);
        return outcomes.All(status => status == AskedStatus.Succeeded) ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>Asks the running gateway and reports for each name what came of it.</summary>
    public static async Task<IReadOnlyList<AskedStatus>> AskAsync(
        AcmeState state,
        IReadOnlyList<AcmeIdentifier> names,
        bool dryRun,
        string command,
        TimeProvider clock,
        InvocationConfiguration console,
        CancellationToken cancellationToken)
    {
        AskedRenewal[] asked = [.. names.Select(name => new AskedRenewal(state.Folder, name, dryRun, clock))];
        try
        {
            Array.ForEach(asked, one => one.Ask());
        }
        catch (UnauthorizedAccessException)
        {
            console.Error.WriteLine(state.NotAllowed(command));
            return [AskedStatus.Failed];
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            console.Error.WriteLine($"The gateway cannot be asked: {Sentence.Of(e.Message)} It cannot renew either until {state.Folder.StateDirectory} can be written to.");
            return [AskedStatus.Failed];
        }
        catch (IOException)
        {
            console.Error.WriteLine(NobodyThere(state, "No gateway has run with automatic certificates on"));
            return [AskedStatus.NobodyThere];
        }

        console.Output.WriteLine($"Asked the gateway on {state.Folder.StateDirectory} for {(dryRun ? "a dry run with" : "a new certificate for")} {string.Join(", ", names)}.");
        var outcomes = new List<AskedStatus>();
        var waiting = asked.ToDictionary(one => one.WaitAsync(cancellationToken));
        while (waiting.Count > 0)
        {
            var done = await Task.WhenAny(waiting.Keys);
            waiting.Remove(done, out var one);
            var (status, answer) = await done;
            outcomes.Add(status);
            Report(state, one!.Name, dryRun, status, answer, clock.GetUtcNow(), console);
        }

        return outcomes;
    }

    private static void Report(
        AcmeState state, AcmeIdentifier name, bool dryRun, AskedStatus status, RenewalAnswer? answer, DateTimeOffset now, InvocationConfiguration console)
    {
        switch (status)
        {
            case AskedStatus.Succeeded when dryRun:
                console.Output.WriteLine($"{name}: the dry run succeeded. The staging server's certificate was thrown away, and nothing else has changed.");
                break;
            case AskedStatus.Succeeded:
                console.Output.WriteLine($"{name}: renewed. {Served(state, name, now)}");
                break;
            case AskedStatus.Failed:
                console.Error.WriteLine($"{name}: {(dryRun ? "the dry run failed; nothing has changed." : "not renewed; what was served before is served still.")}");
                console.Error.WriteLine($"  error:        {answer!.Error}");
                if (answer.Remedy is { } remedy)
                {
                    console.Error.WriteLine($"  what to do:   {remedy}");
                }

                if (!dryRun && NameStates.Peek(state.Folder, name)?.NextAttempt is { } next)
                {
                    console.Error.WriteLine($"  next attempt: {TimeText.Of(next, now)}, by itself");
                }

                break;
            case AskedStatus.NobodyThere:
                console.Error.WriteLine($"{name}: {NobodyThere(state, $"nobody answered within {AskedRenewal.LongestUnnoticed.TotalSeconds:0} s; no gateway that gets this certificate runs on")}");
                break;
            default:
                console.Error.WriteLine($"{name}: the gateway is still at it after {AskedRenewal.LongestOrder.TotalMinutes:0} minutes. See its log, and later `gateway cert show`.");
                break;
        }
    }

    private static string Served(AcmeState state, AcmeIdentifier name, DateTimeOffset now)
    {
        try
        {
            return state.Certificate(name) is var (certificate, _)
                ? $"The new certificate is served: issued by {certificate.Issuer}, it expires {TimeText.Of(certificate.NotAfter, now)}."
                : "See `gateway cert show`.";
        }
        catch (CertificateFileException e)
        {
            return $"It cannot be read by this user, though: {e.Message}.";
        }
    }

    private static string NobodyThere(AcmeState state, string what) =>
        $"{what} the state directory {state.Folder.StateDirectory}. Start it (`systemctl start gateway`, or `gateway run`), which orders what is missing or due by itself. "
        + "If it runs with another state directory, set Gateway:StateDirectory to that.";
}
