using System.CommandLine;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Explain;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary><c>gateway explain</c>: what would become of a request, and by which lines of the configuration.</summary>
internal static class ExplainCommand
{
    private static readonly ExplanationJson Json = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var url = new Argument<string>("URL") { Description = "As a client asks for it; ws and wss ask for a WebSocket. Write it in quotes. Nothing is resolved or decoded." };
        var method = new Option<string?>("--request", "-X") { Description = "The method.", HelpName = "METHOD" };
        var headers = new Option<string[]>("--header", "-H") { Description = "A header of the request: 'Name: value'. As often as needed.", HelpName = "HEADER" };
        var from = new Option<string>("--from") { Description = "The address that the connection comes from.", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
        var endpoint = new Option<string?>("--endpoint") { Description = "The endpoint where it comes in, if something forwards the URL's port to another one.", HelpName = "NAME" };
        var dev = new Option<bool>("--dev") { Description = "As `gateway dev` would serve it." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("explain", "Show what would become of a request: endpoint, route, destination, every rule on the way and where it is written. Nothing is sent. Ends with 1 when it would be refused.")
        {
            url, method, headers, from, endpoint, dev, json, config,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var console = parsed.InvocationConfiguration;
            if (!IPAddress.TryParse(parsed.GetRequiredValue(from), out var client))
            {
                console.Error.WriteLine($"--from {parsed.GetValue(from)} is no IP address.");
                return Task.FromResult(ExitCode.WrongUsage);
            }

            if (ExplainedRequest.Parse(parsed.GetRequiredValue(url), parsed.GetValue(method), parsed.GetValue(headers) ?? [], client, out var problem) is not { } request)
            {
                console.Error.WriteLine(problem);
                return Task.FromResult(ExitCode.WrongUsage);
            }

            return RunAsync(parsed.GetRequiredValue(config), parsed.GetValue(dev), parsed.GetValue(endpoint), request, parsed.GetValue(json), console, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string path, bool dev, string? endpoint, ExplainedRequest request, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var (configuration, errors) = ConfigurationReader.Read(path, ProcessEnvironment.Variables());
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(console.Error, path, errors);
            return ExitCode.Failure;
        }

        configuration = dev ? EndpointOverrides.ForDevelopment(configuration, allAddresses: true) : configuration;
        configuration = configuration.SslEnabled ? configuration : EndpointOverrides.ForPlainHttp(configuration);
        Explanation explanation;
        try
        {
            explanation = await Explainer.ExplainAsync(configuration, dev ? HostMode.Dev : HostMode.Run, endpoint, request, TimeProvider.System, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.Security.Cryptography.CryptographicException)
        {
            // Kestrel loads the certificates that endpoints name themselves.
            console.Error.WriteLine($"The gateway would not start: {e.Message} `gateway check` says more.");
            return ExitCode.Failure;
        }

        if (json)
        {
            console.Output.WriteLine(JsonSerializer.Serialize(explanation, Json.Explanation));
        }
        else
        {
            ExplanationText.Write(explanation, console.Output);
        }

        return explanation.IsRefused ? ExitCode.Failure : ExitCode.Success;
    }
}
