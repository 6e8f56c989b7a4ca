using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.RateLimiting;

namespace Gateway.EndToEnd.Certificates;

/// <summary>New connections all the time, each with a handshake and one request, and a note of which certificate each was given.</summary>
internal sealed class HandshakeLoad : IAsyncDisposable
{
    private const int PerSecond = 250;
    private const int Workers = 8;

    private static readonly byte[] Request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly TokenBucketRateLimiter _pace = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = PerSecond / 10,
        TokensPerPeriod = PerSecond / 50,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(20),
        QueueLimit = Workers,
    });
    private readonly ConcurrentDictionary<string, Sightings> _certificates = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Task[] _workers;
    private int _requests;

    public HandshakeLoad(int port)
    {
        _port = port;
        _workers = [.. Enumerable.Range(0, Workers).Select(_ => Task.Run(WorkAsync))];
    }

    public int Requests => _requests;

    public double RequestsPerSecond => _requests / Stopwatch.GetElapsedTime(_started).TotalSeconds;

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>The serial numbers of all certificates that handshakes were given.</summary>
    public IEnumerable<string> Seen => _certificates.Where(certificate => certificate.Value.First.Task.IsCompleted).Select(certificate => certificate.Key);

    /// <summary>Waits until a handshake gets this certificate.</summary>
    public Task FirstSightOf(PemPair pair) => Of(pair.SerialNumber).First.Task;

    /// <summary>When the last of the handshakes with this certificate was begun, as a timestamp.</summary>
    public long LastSightOf(PemPair pair) => Of(pair.SerialNumber).LastBegun;

    /// <summary>Waits for as many more requests.</summary>
    public async Task PassAsync(int requests, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var until = _requests + requests; _requests < until;)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        await _pace.DisposeAsync();
        _stop.Dispose();
    }

    private Sightings Of(string serialNumber) => _certificates.GetOrAdd(serialNumber, _ => new Sightings());

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                using var turn = await _pace.AcquireAsync(1, _stop.Token);
                // The one that is under way when the load ends is ended like every other.
                await RequestAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private async Task RequestAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, _port, limit.Token);
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
                    // A resumed session would show the certificate of the first.
                    AllowTlsResume = false,
                },
                limit.Token);
            await tls.WriteAsync(Request, limit.Token);
            using var reader = new StreamReader(tls, Encoding.ASCII);
            var answer = await reader.ReadToEndAsync(limit.Token);
            Of(((X509Certificate2)tls.RemoteCertificate!).SerialNumber).Add(begun);
            if (!answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || !answer.EndsWith("\r\n\r\nwell", StringComparison.Ordinal))
            {
                _failures.Enqueue($"answered: {answer}");
            }
        }
        catch (Exception exception)
        {
            _failures.Enqueue($"after {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:F0} ms: {exception}");
        }

        Interlocked.Increment(ref _requests);
    }

    private sealed class Sightings
    {
        private long _lastBegun;

        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long LastBegun => Interlocked.Read(ref _lastBegun);

        public void Add(long begun)
        {
            First.TrySetResult();
            for (var last = LastBegun; last < begun && Interlocked.CompareExchange(ref _lastBegun, begun, last) != last; last = LastBegun)
            {
            }
        }
    }
}
