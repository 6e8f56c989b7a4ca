using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting.Admin;
using Gateway.Hosting.Systemd;
using Gateway.Phone;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Gateway.Platform.Tls;

namespace Gateway.Hosting;

/// <summary>A gateway that listens, as <c>run</c> and <c>dev</c> both need it.</summary>
internal sealed class StartedGateway : IAsyncDisposable
{
    private readonly GatewayConfiguration _configuration;
    private readonly CertificateSources _certificates;

    private readonly PhoneSetup? _phone;

    private StartedGateway(WebApplication app, GatewayConfiguration configuration, CertificateSources certificates, PhoneSetup? phone) =>
        (App, _configuration, _certificates, _phone) = (app, configuration, certificates, phone);

    public WebApplication App { get; }

    /// <summary>Where a browser begins.</summary>
    public string OpenAddress => EndpointLine.OpenAddress(_configuration, _certificates.Served.Table);

    /// <summary>Loads the certificates, then listens.</summary>
    /// <param name="phones">The terminal for what phones report; null where the pages for phones are not offered.</param>
    /// <returns>Null when that failed; why is written to <paramref name="error"/>.</returns>
    public static async Task<StartedGateway?> StartAsync(
        GatewayConfiguration configuration, ConfigurationSource source, HostMode mode, TextWriter? phones, TextWriter error, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
        {
            OpenSslDefaults.Apply();
            LinuxEventLoop.Prepare();
        }

        WebApplication app;
        CertificateSources certificates;
        PhoneSetup? phone;
        try
        {
            certificates = CertificateSources.For(configuration, mode, phones is not null, TimeProvider.System);
            phone = phones is not null && certificates.Authority is { } authority ? new PhoneSetup(authority.Anchor, phones) : null;
            app = GatewayHost.Build(configuration, mode, certificates, source, SystemdHandover.Take(), AdminListening.For(configuration, mode), phone);
            app.Services.GetRequiredService<CertificateFileWatcher>().LoadAll();
            app.Services.GetService<LocalAuthorityService>()?.Publish();
            app.Services.GetService<CertificateService>()?.Apply(configuration.Acme);
        }
        catch (LocalAuthorityException exception)
        {
            error.WriteLine(exception.Message);
            return null;
        }

        var inherited = app.Services.GetRequiredService<InheritedSockets>();
        try
        {
            await app.StartAsync(cancellationToken);
            inherited.WarnOfUnused(configuration.Endpoints, app.Services.GetRequiredService<ILogger<InheritedSockets>>());
            return new StartedGateway(app, configuration, certificates, phone);
        }
        catch (Exception exception)
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
            if (exception is AdminException)
            {
                error.WriteLine(exception.Message);
                return null;
            }

            var explanations = BindFailure.Explain(exception, [.. configuration.Endpoints.Where(e => !inherited.Serve(e))], HostPlatform.Current);
            if (explanations.Count == 0)
            {
                throw;
            }

            foreach (var explanation in explanations)
            {
                error.WriteLine(explanation);
            }

            return null;
        }
    }

    /// <summary>For a person at the screen.</summary>
    public async Task WriteReportAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var report = await StartupReport.CreateAsync(_configuration, _certificates.Served, cancellationToken);
        report.Write(output);
        if (_certificates.Authority is { } authority)
        {
            WriteTrust(output, authority);
        }

        output.WriteLine();
        output.WriteLine($"  Open {report.OpenAddress}");
        if (App.Services.GetService<AdminEndpoint>()?.Address is { } status)
        {
            output.WriteLine($"  Status {status}");
        }

        if (_phone is { } phone)
        {
            PhoneInvitation.Write(output, _configuration, _certificates.LocalNames(), phone, report.OpenAddress);
        }

        output.WriteLine();
    }

    private static void WriteTrust(TextWriter output, LocalAuthority authority)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (!authority.Anchor.IsTrustedBySystem() && !HostPlatform.Current.TrustStores(home).Any(store => store.Contains(authority.Anchor)))
        {
            output.WriteLine();
            output.WriteLine("  This machine does not trust the local CA yet, so browsers will warn. Once, run:");
            output.WriteLine($"    {OwnCommand} cert trust");
        }
    }

    /// <summary>For the log.</summary>
    public async Task LogReportAsync(CancellationToken cancellationToken)
    {
        var logger = App.Services.GetRequiredService<ILogger<StartedGateway>>();
        var report = await StartupReport.CreateAsync(_configuration, _certificates.Served, cancellationToken);
        StartupLog.Write(logger, report, _certificates.Served.Table);
        if (!_configuration.SslEnabled)
        {
            StartupLog.WarnOfPlainHttp(logger);
        }
    }

    /// <summary>Stops it first if that has not happened yet: loops that lose their host without warning would complain.</summary>
    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    /// <summary>How this program is started, for a command that a person is to type. In a clone there is no installed program yet.</summary>
    public static string OwnCommand => File.Exists("src/Gateway/Gateway.csproj") ? "dotnet run --project src/Gateway --" : "gateway";
}
