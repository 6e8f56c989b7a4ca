using Gateway.Configuration;

namespace Gateway.Certificates;

/// <summary>
/// Serves the configured certificate files and, when someone replaces them, the new ones within 2 s.
/// A pair that cannot be served leaves the one before it in place.
/// </summary>
internal sealed partial class CertificateFileWatcher : BackgroundService
{
    // Polled, because FileSystemWatcher sees neither what happens behind a symbolic link (certbot) nor changes made
    // by another machine on NFS, and ends in silence when the folder is replaced. Two stats a second cost nothing.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ServedCertificates _served;
    private readonly TimeProvider _clock;
    private readonly ILogger<CertificateFileWatcher> _logger;
    private List<WatchedFile> _files;

    public CertificateFileWatcher(
        IReadOnlyList<CertificateFileOptions> certificates,
        ServedCertificates served,
        TimeProvider clock,
        ILogger<CertificateFileWatcher> logger)
    {
        _files = [.. certificates.Select(options => new WatchedFile(options))];
        _served = served;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Loads and publishes all files at once, before the first handshake. What cannot be served is logged and watched.</summary>
    public void LoadAll()
    {
        lock (_lock)
        {
            foreach (var file in _files)
            {
                // There is no older certificate to fall back on, so nothing is gained by waiting until the files are still.
                file.Seen = file.File.Stamp();
                Look(file);
            }

            Publish();
        }
    }

    /// <summary>Takes over a changed list: files that stay keep their certificate, new ones are loaded, the rest go.</summary>
    public void Update(IReadOnlyList<CertificateFileOptions> certificates)
    {
        lock (_lock)
        {
            _files = [.. certificates.Select(options => _files.Find(file => file.File.Options == options) ?? new WatchedFile(options))];
        }

        LoadAll();
    }

    /// <summary>One look at all files.</summary>
    public void Poll()
    {
        lock (_lock)
        {
            var changed = false;
            foreach (var file in _files)
            {
                changed |= Look(file);
            }

            if (changed)
            {
                Publish();
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                Poll();
            }
            catch (Exception e)
            {
                LogPollFailed(e);
            }
        }
    }

    private void Publish() =>
        _served.Publish(CertificateSource.File, [.. _files.Select(file => file.Current).OfType<ServedCertificate>()]);

    /// <summary>
    /// A changed pair is loaded at once, so that it is served soon, and once more when it has not changed for a poll:
    /// only then is a failure more than a file half written, and only then is it certain that the stamps missed no
    /// change within the file system's clock tick. Returns whether there is a new certificate.
    /// </summary>
    private bool Look(WatchedFile file)
    {
        var stamp = file.File.Stamp();
        var still = stamp == file.Seen;
        if (still && stamp == file.Settled)
        {
            return false;
        }

        file.Seen = stamp;
        ServedCertificate loaded;
        try
        {
            loaded = file.File.Load();
        }
        catch (CertificateFileException e)
        {
            if (still)
            {
                file.Settled = stamp;
                Reject(file, e);
            }

            return false;
        }

        // The two files may have been read on either side of a change.
        if (file.File.Stamp() != stamp)
        {
            return false;
        }

        if (still)
        {
            file.Settled = stamp;
        }

        return Accept(file, loaded);
    }

    private bool Accept(WatchedFile file, ServedCertificate loaded)
    {
        var recovered = file.Broken;
        var replaced = file.Current is null || !file.Current.HasSameChain(loaded);
        file.Broken = false;
        if (recovered)
        {
            LogRecovered(loaded.Origin, loaded.Issuer, loaded.NotAfter);
        }

        if (!replaced)
        {
            return false;
        }

        file.Current = loaded;
        var names = string.Join(", ", loaded.Names);
        if (loaded.NotAfter <= _clock.GetUtcNow())
        {
            LogExpired(loaded.Origin, names, loaded.NotAfter);
        }
        else
        {
            LogLoaded(loaded.Origin, names, loaded.Issuer, loaded.NotAfter);
        }

        return true;
    }

    private void Reject(WatchedFile file, CertificateFileException cause)
    {
        file.Broken = true;
        if (file.Current is { } current)
        {
            LogKept(file.File.Options.Path, cause.Path, cause.Rule, cause.Remedy, current.NotAfter);
        }
        else
        {
            LogNotServed(file.File.Options.Path, cause.Path, cause.Rule, cause.Remedy);
        }
    }

    [LoggerMessage(LogLevel.Information, "Certificate {Path} loaded: {Names}, issued by {Issuer}, expires {NotAfter:u}")]
    private partial void LogLoaded(string path, string names, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Warning, "Certificate {Path} ({Names}) expired {NotAfter:u}: clients refuse it; replace the file, it is taken up without a restart")]
    private partial void LogExpired(string path, string names, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Error, "Certificate {Path} was changed but cannot be served: {Culprit}: {Rule}; {Remedy}. The certificate before it, which expires {NotAfter:u}, goes on being served")]
    private partial void LogKept(string path, string culprit, string rule, string remedy, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Error, "Certificate {Path} cannot be served: {Culprit}: {Rule}; {Remedy}")]
    private partial void LogNotServed(string path, string culprit, string rule, string remedy);

    [LoggerMessage(LogLevel.Information, "Certificate {Path} can be served again: issued by {Issuer}, expires {NotAfter:u}")]
    private partial void LogRecovered(string path, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Error, "Looking for changed certificate files failed; it goes on in a second")]
    private partial void LogPollFailed(Exception cause);

    private sealed class WatchedFile(CertificateFileOptions options)
    {
        public CertificateFile File { get; } = new(options);

        /// <summary>As of the last look.</summary>
        public (FileStamp, FileStamp?)? Seen { get; set; }

        /// <summary>The state for which all has been done that there is to do.</summary>
        public (FileStamp, FileStamp?)? Settled { get; set; }

        public ServedCertificate? Current { get; set; }

        public bool Broken { get; set; }
    }
}
