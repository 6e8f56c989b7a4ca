namespace Gateway.Certificates;

/// <summary>Serves the local authority's certificate and has it issued anew when the machine's addresses change or it grows old.</summary>
/// <param name="authority">Who issues.</param>
/// <param name="names">Which names are wanted now; asked again at every look.</param>
/// <param name="source"><see cref="CertificateSource.Temporary"/> where it only stands in until another source has its certificates.</param>
/// <param name="served">Where the certificate is published.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">The log.</param>
internal sealed partial class LocalAuthorityService(
    LocalAuthority authority,
    Func<LocalNames> names,
    CertificateSource source,
    ServedCertificates served,
    TimeProvider clock,
    ILogger<LocalAuthorityService> logger) : BackgroundService
{
    // A laptop that changes its network is reached by its new address soon.
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private ServedCertificate? _published;

    /// <summary>Publishes the certificate now, before the first handshake.</summary>
    public void Publish()
    {
        var wanted = names();
        var leaf = authority.LeafFor(wanted);
        if (leaf == _published)
        {
            return;
        }

        foreach (var name in authority.Refuses(wanted))
        {
            LogRefused(name, authority.RootPath);
        }

        if (authority.NotKept is { } reason)
        {
            LogNotKept(reason.Message);
        }

        served.Publish(source, [leaf.As(source)]);
        if (_published is not null)
        {
            // The first one stands in the start-up report.
            LogReplaced(string.Join(", ", leaf.Names), leaf.Origin, leaf.NotAfter);
        }

        _published = leaf;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                Publish();
            }
            catch (Exception e)
            {
                LogFailed(e, _published?.NotAfter);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "New local certificate for {Names} issued by {Authority}, expires {NotAfter:u}")]
    private partial void LogReplaced(string names, string authority, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Warning, "The local authority {RootPath} may not certify {Name}: clients that use this name are not served a fitting certificate. If the machine was renamed, move the authority's folder away, restart and trust the new one")]
    private partial void LogRefused(string name, string rootPath);

    [LoggerMessage(LogLevel.Error, "The new local certificate is served but could not be kept, and the next start will issue another one. {Reason}")]
    private partial void LogNotKept(string reason);

    [LoggerMessage(LogLevel.Error, "A new local certificate could not be issued; the one before it, which expires {NotAfter:u}, goes on being served, and it is tried again in a minute")]
    private partial void LogFailed(Exception cause, DateTimeOffset? notAfter);
}
