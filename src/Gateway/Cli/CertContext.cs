using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>What the `cert` verbs know of the world around them.</summary>
/// <param name="Environment">All variables of the process.</param>
/// <param name="Clock">The time.</param>
/// <param name="TrustStores">The machine's and a user's trust stores, by the user's home folder.</param>
internal sealed record CertContext(
    IReadOnlyDictionary<string, string> Environment,
    TimeProvider Clock,
    Func<string, IReadOnlyList<ITrustStore>> TrustStores)
{
    // StateDirectory=gateway of deploy/gateway.service.
    private const string ServiceStateDirectory = "/var/lib/gateway";

    public static CertContext OfThisProcess() => new(ProcessEnvironment.Variables(), TimeProvider.System, HostPlatform.Current.TrustStores);

    public SudoUser? SudoUser => SudoUser.From(Environment);

    /// <summary>Whose browsers are meant.</summary>
    public string Home =>
        SudoUser?.Home
        ?? (Environment.TryGetValue("HOME", out var home) && home.Length > 0
            ? home
            : System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile));

    /// <summary>The configuration; the environment's alone when the file is not there: the local authority needs none.</summary>
    public ConfigurationResult Read(FileInfo config) =>
        config.Exists
            ? ConfigurationReader.Read(config.ToString(), Environment)
            : ConfigurationReader.ReadWithoutFile(config.ToString(), Environment);

    /// <summary>The automatic certificates of the gateway that serves a configuration.</summary>
    /// <param name="config">The configuration file.</param>
    /// <param name="command">What the user typed, for the words of an error.</param>
    /// <param name="error">Where it is said why there are none to be had.</param>
    public AcmeState? OpenAcme(FileInfo config, string command, TextWriter error)
    {
        var (configuration, errors) = Read(config);
        if (errors.Count > 0)
        {
            error.WriteLine($"{config}: {errors.Count} error(s); see `gateway check --config {config}`");
        }
        else if (configuration.Acme is not { } options)
        {
            error.WriteLine(config.Exists
                ? $"{config} asks for no automatic certificate: LettuceEncrypt:DomainNames is empty."
                : $"There is no file {config}; name the gateway's with --config.");
        }
        else
        {
            var state = new AcmeState(options, new AcmeFolder(AcmeStateDirectory(configuration)));
            if (state.Obstacle(command) is not { } obstacle)
            {
                return state;
            }

            error.WriteLine(obstacle);
        }

        return null;
    }

    /// <summary>The folder of the gateway that runs as a service: a shell does not have the $STATE_DIRECTORY that systemd gives it.</summary>
    public string AcmeStateDirectory(GatewayConfiguration configuration)
    {
        var usual = StateDirectory(configuration);
        return configuration.Gateway.StateDirectory is null
            && !Environment.ContainsKey("STATE_DIRECTORY")
            && (Directory.Exists(Path.Combine(ServiceStateDirectory, "acme")) || (Path.Exists(ServiceStateDirectory) && !Directory.Exists(Path.Combine(usual, "acme"))))
                ? ServiceStateDirectory
                : usual;
    }

    /// <summary>The folder that `gateway dev` of the same user keeps the local authority in.</summary>
    public string StateDirectory(GatewayConfiguration configuration)
    {
        if (configuration.Gateway.StateDirectory is { } chosen)
        {
            return chosen;
        }

        var environment = Environment.ToDictionary();
        if (SudoUser is { } user)
        {
            environment["HOME"] = user.Home;
            environment.Remove("XDG_STATE_HOME");
        }

        return HostPlatform.Current.StateDirectory(environment);
    }
}
