using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Gateway.Doctor;
using Gateway.Doctor.Checks;

namespace Gateway.Cli;

/// <summary><c>gateway doctor</c>: what is wrong here, now, and the line that mends it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var asked = new Argument<string?>("URL-or-NAME") { Description = "What the browser was asked for, such as https://192.168.1.20:5443.", Arity = ArgumentArity.ZeroOrOne };
        asked.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ParseAsked(token.Value) is null)
            {
                result.AddError($"'{token.Value}': must be an https:// address, a name or an IP address");
            }
        });
        var config = new Option<string?>("--config") { Description = "The configuration file; unless given, gateway.json here, else that of the installed service.", HelpName = "FILE" };
        var dev = new Option<bool>("--dev") { Description = "Look at `gateway dev`, also where `gateway run` runs." };
        var json = new Option<bool>("--json") { Description = "Print the findings as JSON." };
        var fix = new Option<bool>("--fix") { Description = "Do what is safe: file modes, trust in the local CA, a missing local certificate. Says what it did, and looks again." };
        var webSocket = new Option<string[]>("--websocket") { Description = "A path at which a WebSocket is opened, such as /ws/video; may be given several times.", HelpName = "PATH" };
        webSocket.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => !t.Value.StartsWith('/')))
            {
                result.AddError($"--websocket '{token.Value}': must be a path such as /ws/video");
            }
        });
        var print = new Option<string?>("--print") { Description = "Print a systemd unit of this version and do nothing else: gateway.service or gateway.socket.", HelpName = "UNIT" };
        print.AcceptOnlyFromAmong("gateway.service", "gateway.socket");
        var command = new Command("doctor", "Find out what is wrong on this machine, and say what mends it. Changes nothing without --fix. Ends with 1 when there is an error.")
        {
            asked, config, dev, json, fix, webSocket, print,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(print) is { } unit)
            {
                output.Write(UnitCheck.Shipped(unit));
                return Task.FromResult(ExitCode.Success);
            }

            var question = new DoctorQuestion(
                parsed.GetValue(config), parsed.GetValue(dev), parsed.GetValue(asked) is { } text ? ParseAsked(text) : null, parsed.GetValue(webSocket) ?? []);
            return RunAsync(question, parsed.GetValue(json), parsed.GetValue(fix), output, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(DoctorQuestion question, bool json, bool fix, TextWriter output, CancellationToken cancellationToken)
    {
        var examination = await question.PrepareAsync(cancellationToken);
        var results = await new Checkup(examination).RunAsync(Checkup.All, cancellationToken);
        var done = new List<string>();
        var tried = new HashSet<string>();
        // What is mended may show the next: a CA that was made is not trusted yet.
        for (var findings = Repairable(results, tried); fix && findings.Length > 0; findings = Repairable(results, tried))
        {
            done.AddRange(Repairs.Apply(findings));
            examination = await question.PrepareAsync(cancellationToken);
            results = await new Checkup(examination).RunAsync(Checkup.All, cancellationToken);
        }

        var report = DoctorReport.Of(examination, results, done);
        if (json)
        {
            output.WriteLine(report.ToJson());
        }
        else
        {
            DoctorText.Write(report, output);
        }

        return report.Errors > 0 ? ExitCode.Failure : ExitCode.Success;
    }

    private static Finding[] Repairable(IEnumerable<(ICheck Check, CheckResult Result)> results, HashSet<string> tried) =>
        [.. results.SelectMany(r => r.Result.Findings).Where(f => f.Repair is not null && tried.Add(f.What))];

    /// <summary>Port 0 where none is written.</summary>
    internal static DnsEndPoint? ParseAsked(string text)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            return new DnsEndPoint(address.ToString(), 0);
        }

        var url = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        return Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "wss" && uri.IdnHost.Length > 0
            ? new DnsEndPoint(uri.IdnHost.Trim('[', ']'), text.Contains("://", StringComparison.Ordinal) || !uri.IsDefaultPort ? uri.Port : 0)
            : null;
    }
}
