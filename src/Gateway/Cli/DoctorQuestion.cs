using System.Net;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Doctor;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>What the operator asks the doctor about, and which gateway that is.</summary>
/// <param name="Config">Named by the operator; null when not.</param>
/// <param name="Dev">Whether <c>gateway dev</c> is meant.</param>
internal sealed record DoctorQuestion(string? Config, bool Dev, DnsEndPoint? Asked, IReadOnlyList<string> WebSocketPaths)
{
    private const string DefaultFile = "gateway.json";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Looks where the systemd units are; other folders in tests.</summary>
    public IReadOnlyList<string> UnitFolders { get; init; } = ServiceUnit.Folders;

    public CertContext Context { get; init; } = CertContext.OfThisProcess();

    public async Task<Examination> PrepareAsync(CancellationToken cancellationToken)
    {
        // 1. The file: the one that is named, the one that lies here, the one that the service is started with.
        var installed = OperatingSystem.IsLinux() ? ServiceUnit.Find(UnitFolders) : null;
        var path = Config ?? (File.Exists(DefaultFile) || Dev ? DefaultFile : installed?.ConfigPath ?? DefaultFile);
        var unit = !Dev && installed?.ConfigPath is { } served && Path.GetFullPath(path) == Path.GetFullPath(served) ? installed : null;

        // 2. As the service reads it: with the variables that the unit sets.
        var variables = new Dictionary<string, string>(Context.Environment);
        foreach (var (name, value) in unit?.Environment() ?? new Dictionary<string, string>())
        {
            variables[name] = value;
        }

        var (written, errors) = ConfigurationReader.Read(path, variables);

        // 3. The gateway that runs with it.
        var run = Dev || written.Gateway.Admin is { Address: null } ? null : await AskAsync(written.Gateway.Admin?.Address ?? AdminAddress.Default, path, cancellationToken);
        var dev = run is null && unit is null && written.Gateway.Admin is not { Address: null } ? await AskAsync(AdminAddress.Dev, path, cancellationToken) : null;
        var status = run ?? dev;

        // 4. What is meant when none runs: production where something speaks of it.
        var silent = SilentGateway(written);
        var isProduction = run is not null || (silent is not null && !Dev) || unit is not null || written.Acme is not null || written.Certificates.Any(c => c.ConfigurationPath != "SSL_CERT_PATH");
        var mode = Dev || (dev is not null && run is null) || !isProduction ? HostMode.Dev : HostMode.Run;
        var configuration = mode == HostMode.Dev ? EndpointOverrides.ForDevelopment(written, allAddresses: status?.Endpoints.Any(e => e.Address.Contains('*', StringComparison.Ordinal)) == true) : written;
        configuration = configuration.SslEnabled ? configuration : EndpointOverrides.ForPlainHttp(configuration);
        var process = status?.Process.Id ?? SilentGateway(configuration);
        return new Examination
        {
            Configuration = configuration,
            Written = written,
            ConfigurationErrors = [.. errors, .. ConfigurationFile.OtherFiles(written)],
            Mode = mode,
            IsModeGuessed = !Dev && process is null && mode == HostMode.Dev,
            Status = status,
            ProcessId = process,
            Unit = unit,
            User = User(process, unit),
            StateDirectory = mode == HostMode.Dev ? Context.StateDirectory(written)
                : written.Gateway.StateDirectory ?? unit?.StateDirectory ?? Context.AcmeStateDirectory(written),
            Home = Context.Home,
            TrustStores = Context.TrustStores(Context.Home),
            Asked = Asked,
            WebSocketPaths = WebSocketPaths,
            Clock = Context.Clock,
        };
    }

    // Another gateway on this machine serves another file.
    private static async Task<StatusReport?> AskAsync(AdminAddress address, string path, CancellationToken cancellationToken)
    {
        using var client = new AdminClient(address);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            var status = await client.ReadAsync(limited.Token);
            return status.Configuration.File == Path.GetFullPath(path) ? status : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>A gateway whose status is off is known by its ports.</summary>
    private static int? SilentGateway(GatewayConfiguration configuration) => configuration.Gateway.Admin is { Address: null } && OperatingSystem.IsLinux()
        ? configuration.Endpoints.Where(e => e.Port > 0).SelectMany(e => LinuxPortOwner.Holders(e.Port)).FirstOrDefault(owner => owner.Name == "gateway")?.ProcessId
        : null;

    private static UnixUser? User(int? process, ServiceUnit? unit) =>
        !OperatingSystem.IsLinux() ? null
        : process is { } id ? UnixUser.OfProcess(id)
        : unit is not null ? unit.FindUser()
        : UnixUser.OfProcess(Environment.ProcessId);
}
