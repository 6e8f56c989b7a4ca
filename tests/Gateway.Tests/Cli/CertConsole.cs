using System.CommandLine;
using Gateway.Cli;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Cli;

/// <summary>Runs `gateway cert ...` as a user with a home of its own and with trust stores of the test's choosing.</summary>
internal sealed class CertConsole : IDisposable
{
    public TestFolder Home { get; init; } = new();

    public List<ITrustStore> Stores { get; } = [];

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public string Output { get; private set; } = "";

    public string Error { get; private set; } = "";

    public string StateDirectory => Home["state"];

    public int Run(params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["HOME"] = Home.Path, ["STATE_DIRECTORY"] = StateDirectory };
        using var output = new StringWriter();
        using var error = new StringWriter();
        var parsed = CertCommand.Create(new CertContext(environment, Clock, _ => Stores)).Parse(arguments);
        var exitCode = parsed.Errors.Count > 0
            ? 2
            : parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        Output = output.ToString();
        Error = error.ToString() + string.Join('\n', parsed.Errors.Select(e => e.Message));
        return exitCode;
    }

    public void Dispose() => Home.Dispose();
}
