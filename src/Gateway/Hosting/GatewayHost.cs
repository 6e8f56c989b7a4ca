using Gateway.Boundary;
using Gateway.Boundary.Access;
using Gateway.Boundary.Limits;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.FrontEnd;
using Gateway.Hosting.Admin;
using Gateway.Hosting.Systemd;
using Gateway.Observability;
using Gateway.Phone;
using Gateway.Platform;
using Gateway.Proxying;
using Gateway.Proxying.Services;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Hosting;

/// <summary>The whole gateway in one place: all registration, then the pipeline in order.</summary>
internal static class GatewayHost
{
    /// <param name="configuration">Valid, with the endpoints to serve.</param>
    /// <param name="mode">The verb.</param>
    /// <param name="certificates">What handshakes choose from, and where it comes from.</param>
    /// <param name="source">Where the configuration is read again when it changes; null where it never does.</param>
    /// <param name="systemd">What systemd has handed over; null where it did not start this process.</param>
    /// <param name="admin">Where the operator's endpoint listens; null for nowhere.</param>
    /// <param name="phone">The pages for phones; null where they are not offered.</param>
    /// <param name="customize">Changes before the host is built; tests put an in-memory server or another clock there.</param>
    public static WebApplication Build(
        GatewayConfiguration configuration,
        HostMode mode,
        CertificateSources certificates,
        ConfigurationSource? source = null,
        SystemdHandover? systemd = null,
        AdminListening? admin = null,
        PhoneSetup? phone = null,
        Action<WebApplicationBuilder>? customize = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "gateway" });
        var services = builder.Services;

        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new CurrentConfiguration(configuration));
        var values = new ReloadableValues(configuration.Root);
        var live = Logging.WithDefaults(values);
        var problems = new RecentProblems();
        Logging.Add(services, live, mode, problems);
        AddDrain(services, mode);
        AddSystemd(services, systemd ?? SystemdHandover.None);

        AddCertificates(services, certificates);
        // RFC 9112 section 2.2 lets a server take a bare LF for a line's end; what stands behind it may see two lines in one.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseQuic();
        AddListeners(services);
        services.Configure<KestrelServerOptions>(kestrel => KestrelEndpoints.Configure(kestrel, configuration, live, certificates));

        AddBoundary(services);
        AddProxy(services, configuration);
        AddCompression(services);
        AddObservation(services, problems);
        if (Telemetry.IsWanted)
        {
            Telemetry.Add(services, builder.Configuration, StartupReport.ProductVersion);
        }

        if (admin is not null)
        {
            AddAdmin(services, admin, mode);
        }

        if (source is not null)
        {
            services.AddSingleton(source);
            services.AddSingleton(values);
            services.AddHostedService<ConfigurationReload>();
        }

        customize?.Invoke(builder);

        var app = builder.Build();
        UsePipeline(app, mode, certificates.Automatic?.Challenges, phone);
        return app;
    }

    private static void AddDrain(IServiceCollection services, HostMode mode)
    {
        services.AddSingleton<OpenWebSockets>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Drain>(provider, mode));
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<SecondSignal>();
        services.AddHostedService<MemoryTrim>();
        // Together: the endpoints stop accepting while the calls drain.
        services.Configure<HostOptions>(options => options.ServicesStopConcurrently = true);
    }

    private static void AddSystemd(IServiceCollection services, SystemdHandover systemd)
    {
        var sockets = new InheritedSockets(systemd.Descriptors);
        services.AddSingleton(sockets);
        services.Configure<SocketTransportOptions>(transport =>
        {
            // While the process is replaced, everybody who connects waits in this queue. The kernel has a limit of its own (somaxconn).
            transport.Backlog = 4096;
            transport.CreateBoundListenSocket = address => sockets.Open(address) ?? SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        });

        services.AddSingleton(provider => new NotifySocket(
            systemd.NotifySocket, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<NotifySocket>>()));
        services.AddSingleton(provider => new ServiceStatus(
            provider.GetRequiredService<OpenWebSockets>(), provider.GetRequiredService<ServedCertificates>(), provider.GetService<CertificateService>()));
        if (systemd.NotifySocket is not null)
        {
            services.AddHostedService<SystemdService>();
            if (systemd.WatchdogTimeout is { } timeout)
            {
                services.AddSingleton<SelfCheck>();
                services.AddHostedService(provider => ActivatorUtilities.CreateInstance<Watchdog>(provider, timeout));
            }
        }
    }

    private static void AddListeners(IServiceCollection services)
    {
        services.AddSingleton<DescriptorAlarm>();
        services.AddSingleton<ServiceDialer>();
        services.AddSingleton<EndpointListenerFactory>();
        // Kestrel asks the one that was added last.
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<EndpointListenerFactory>());
        services.AddHostedService(provider => provider.GetRequiredService<EndpointListenerFactory>());
    }

    private static void AddCertificates(IServiceCollection services, CertificateSources certificates)
    {
        services.AddSingleton(certificates);
        services.AddSingleton(certificates.Served);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CertificateFileWatcher>(provider, certificates.Files));
        services.AddHostedService(provider => provider.GetRequiredService<CertificateFileWatcher>());
        if (certificates.Authority is { } authority)
        {
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LocalAuthorityService>(
                provider, authority, certificates.LocalNames, certificates.LocalSource));
            services.AddHostedService(provider => provider.GetRequiredService<LocalAuthorityService>());
        }

        if (certificates.Automatic is { } automatic)
        {
            AddAutomaticCertificates(services, automatic);
        }
    }

    internal static void AddAutomaticCertificates(IServiceCollection services, AutomaticSource automatic)
    {
        services.AddSingleton(automatic.Folder);
        services.AddSingleton(automatic.Challenges);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<StateFiles>(provider, DiskSteps.Real));
        services.AddSingleton<NameStates>();
        services.AddSingleton<RenewalRequests>();
        services.AddSingleton<Func<AcmeOptions, AcmeWork>>(provider => options => ActivatorUtilities.CreateInstance<AcmeWork>(provider, options));
        services.AddSingleton<CertificateService>();
        services.AddHostedService(provider => provider.GetRequiredService<CertificateService>());
    }

    private static void AddBoundary(IServiceCollection services)
    {
        services.AddSingleton<ProxyProtocol>();
        services.AddSingleton<ConnectionLimits>();
        services.AddSingleton<PendingHandshakes>();
        services.AddSingleton<ReturningOffenders>();
        services.AddSingleton<ControlFrames>();
        services.AddSingleton<WebSocketLimits>();
        services.AddSingleton<AbortedRequests>();
        services.AddSingleton<SlowReaders>();
        services.AddHostedService(provider => provider.GetRequiredService<SlowReaders>());
        services.AddSingleton<RefusedBodies>();
        services.AddHostedService<ServerEndings>();
        services.AddSingleton<LimitLog>();
        services.AddHostedService(provider => provider.GetRequiredService<LimitLog>());
        services.AddHostedService<ServerRefusals>();
    }

    private static void AddProxy(IServiceCollection services, GatewayConfiguration configuration)
    {
        services.AddRouting();
        services.AddRequestTimeouts();
        services.AddCors();
        AddAccess(services);
        services.AddRateLimiter(static _ => { });
        services.AddReverseProxy().LoadFromMemory(configuration.Routes, configuration.Clusters);
        AddSessionAffinityKeys(services, configuration);
        services.AddSingleton<ITransformProvider, ServiceRequestTransforms>();
        services.AddSingleton<Http11Pool>();
        services.AddSingleton<Http11Client>();
        services.AddSingleton<FailedForwarding>();
        services.AddSingleton<DirectForwarder>();
        services.AddSingleton<IForwarderHttpClientFactory, ServiceHttpClientFactory>();

        var yarpForwarder = services.Last(s => s.ServiceType == typeof(IHttpForwarder)).ImplementationType!;
        services.AddSingleton(provider => new ServiceForwarder(
            (IHttpForwarder)ActivatorUtilities.CreateInstance(provider, yarpForwarder),
            // Who replaces the factory wants to see what is sent.
            provider.GetRequiredService<IForwarderHttpClientFactory>() is ServiceHttpClientFactory ? provider.GetRequiredService<DirectForwarder>() : null,
            provider.GetRequiredService<FailedForwarding>(),
            provider.GetRequiredService<CurrentConfiguration>(),
            provider.GetRequiredService<OpenWebSockets>()));
        services.AddSingleton<IHttpForwarder>(static provider => provider.GetRequiredService<ServiceForwarder>());
    }

    private static void AddObservation(IServiceCollection services, RecentProblems problems)
    {
        services.AddSingleton(problems);
        services.AddSingleton<AccessFile>();
        services.TryAddSingleton<IRequestLog, LoggedRequests>();
        services.AddSingleton<Traffic>();
        services.AddSingleton<ServiceFailures>();
        services.AddSingleton<TlsHandshakes>();
        services.AddSingleton<LastReload>();
    }

    private static void AddAdmin(IServiceCollection services, AdminListening admin, HostMode mode)
    {
        services.AddSingleton(admin);
        services.AddSingleton<TrafficHistory>();
        services.AddHostedService(provider => provider.GetRequiredService<TrafficHistory>());
        services.AddHostedService(provider => provider.GetRequiredService<TlsHandshakes>());
        services.AddSingleton<ServiceStates>();
        services.AddSingleton<Readiness>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<StatusReader>(provider, mode));
        services.AddSingleton<MetricsReport>();
        services.AddSingleton<AdminAnswers>();
        services.AddSingleton<AdminEndpoint>();
        services.AddHostedService(provider => provider.GetRequiredService<AdminEndpoint>());
    }

    private static void AddCompression(IServiceCollection services)
    {
        services.AddResponseCompression(CompressedText.Configure);
        services.AddSingleton<IResponseCompressionProvider, CompressedText>();
    }

    private static void AddAccess(IServiceCollection services)
    {
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, AccessHandler>(AccessHandler.SchemeName, null);
        services.AddAuthorization();
        services.AddSingleton<IAuthorizationPolicyProvider, AccessPolicyProvider>();
        services.AddSingleton<FailedAttempts>();
        services.AddSingleton<Passwords>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Tokens>(provider, IssuerHttp.CreateClient()));
    }

    /// <summary>Keys for the cookies of session affinity: kept over restarts where a cluster has it. Elsewhere nothing is encrypted, and
    /// the service of ASP.NET that would make a key at start, in the user's home folder, is left out.</summary>
    private static void AddSessionAffinityKeys(IServiceCollection services, GatewayConfiguration configuration)
    {
        if (configuration.Clusters.Any(c => c.SessionAffinity?.Enabled == true))
        {
            services.AddDataProtection().PersistKeysToFileSystem(
                new DirectoryInfo(Path.Combine(CertificateSources.StateDirectory(configuration), "session-affinity")));
            return;
        }

        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        foreach (var keyMaker in services.Where(s => s.ImplementationType?.Name == "DataProtectionHostedService").ToArray())
        {
            services.Remove(keyMaker);
        }
    }

    private static void UsePipeline(WebApplication app, HostMode mode, OpenChallenges? challenges, PhoneSetup? phone)
    {
        // 0. What concerns the process and not the client.
        FirstRequest.Notice(app);
        app.Services.GetService<SelfCheck>()?.Answer(app);

        // 1. The client finishes, whatever becomes of the request; one record of what became of it.
        app.UseMiddleware<UnreadUpload>();
        app.UseMiddleware<AccessLog>();
        app.UseMiddleware<StrictTransportSecurity>();
        var configuration = app.Services.GetRequiredService<CurrentConfiguration>();
        app.UseWhen(_ => configuration.Value.Gateway.Compression, compressed => compressed.UseResponseCompression());

        // 2. Every failure below ends here.
        ErrorPage.Prepare();
        app.UseMiddleware<ErrorResponses>(mode == HostMode.Dev ? ErrorDetail.Shown : ErrorDetail.Hidden);

        // 3. Who is it, really; what can be read in two ways is not read at all.
        app.UseMiddleware<SlowStart>();
        app.UseMiddleware<RequestRules>();

        // 4. A CA that asks whether a name is ours.
        if (challenges is not null)
        {
            app.UseMiddleware<AcmeChallenges>((Func<string, string?>)challenges.KeyAuthorization);
        }

        app.UseMiddleware<RequestRate>();
        phone?.Use(app);

        // 5. Plain HTTP goes to the first https endpoint.
        app.UseMiddleware<HttpsRedirect>();

        // 6. Names that are not served go nowhere.
        app.UseMiddleware<HostFilter>();
        app.UseMiddleware<Maintenance>(Path.Combine(CertificateSources.StateDirectory(configuration.Value), Maintenance.FileName));

        // 7. The route and who may use it: strangers get the same answer whatever the route allows.
        app.UseMiddleware<MergedSlashes>();
        app.UseRouting();
        app.UseMiddleware<StaticFiles>();
        app.UseWhereNeeded(static needs => needs.Admission, static routes =>
        {
            routes.UseFor<ICorsMetadata>(static cors => cors.UseCors());
            routes.UseFor<IAuthorizeData>(UseAccess);
            routes.UseMiddleware<RouteAnswers>();
        });

        // 8. What the route allows, then the service.
        app.UseMiddleware<EncodedSlashes>();
        app.UseMiddleware<WebSocketRules>();
        app.UseMiddleware<OnlyDestination>();
        app.UseWhereNeeded(static needs => needs.OthersAtService, static routes =>
        {
            routes.UseFor<RequestTimeoutPolicy>(static timed => timed.UseRequestTimeouts());
            routes.UseFor<RequestTimeoutAttribute>(static timed => timed.UseRequestTimeouts());
            routes.UseFor<EnableRateLimitingAttribute>(static limited => limited.UseRateLimiter());
        });
        RouteNeeds.Note(app.MapReverseProxy(static proxy =>
        {
            proxy.UseMiddleware<OtherDestination>();
            proxy.UseSessionAffinity();
            proxy.UseLoadBalancing();
            proxy.UseWhen(
                static context => context.Features.Find<IReverseProxyFeature>()?.Cluster.Config.HealthCheck?.Passive?.Enabled == true,
                static watched => watched.UseMiddleware<PassiveHealthCheckMiddleware>());
        }));
    }

    private static void UseAccess(IApplicationBuilder guarded)
    {
        // Passwords take their time, by design.
        guarded.Use(static async (context, next) =>
        {
            await EventLoop.LeaveAsync();
            await next(context);
        });
        guarded.UseAuthentication();
        guarded.UseAuthorization();
        guarded.UseMiddleware<ConsumedCredentials>();
    }
}
