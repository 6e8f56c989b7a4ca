using System.Runtime.Versioning;
using System.Security.Authentication;
using Gateway.Platform.Tls;

namespace Gateway.Hosting.Tls;

/// <summary>An endpoint's part of all its sessions, anew every day: a stolen key for tickets opens what was resumed with it, in TLS 1.2 all
/// that was said, and so it must not be good for months.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DailyServer(SslProtocols versions, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private TlsServer? _server;
    private long _since;

    /// <summary>For a new session.</summary>
    public TlsServer Current
    {
        get
        {
            lock (_lock)
            {
                if (_server is null || time.GetElapsedTime(_since) >= Life)
                {
                    (_server, _since) = (new TlsServer(versions), time.GetTimestamp());
                }

                return _server;
            }
        }
    }
}
