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
