using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Systemd;

namespace Gateway.Doctor;

/// <summary>The gateway as its clients reach it: under its name, at its https endpoint, whatever certificate it shows.</summary>
/// <param name="Host">The name or address in the URL.</param>
/// <param name="Port">Its port.</param>
/// <param name="IsHttps">False when nothing but plain HTTP is configured.</param>
/// <param name="Addresses">Where to connect to, in turn.</param>
internal sealed record PublicSide(string Host, int Port, bool IsHttps, IReadOnlyList<EndPoint> Addresses)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public Uri Origin => new UriBuilder(IsHttps ? "https" : "http", Host, Port).Uri;

    /// <summary>The side that is asked about; null when there is no endpoint that TCP leads to.</summary>
    public static PublicSide? Of(Examination examination) =>
        examination.Asked is { } asked ? Of(examination, asked.Host, asked.Port) : Of(examination, PublicNames.Of(examination)[0]);

    /// <param name="host">A name or an address.</param>
    /// <param name="port">0 for that of the first https endpoint.</param>
    public static PublicSide? Of(Examination examination, string host, int port = 0)
    {
        var endpoints = examination.Configuration.Endpoints.Where(e => e.Port > 0).OrderByDescending(e => e.IsHttps).ToArray();
        if ((port == 0 ? endpoints.FirstOrDefault() : endpoints.FirstOrDefault(e => e.Port == port)) is not { } endpoint)
        {
            return null;
        }

        // To an address one connects as the client would: which certificate it gets may depend on it.
        EndPoint[] addresses = IPAddress.TryParse(host, out var address)
            ? [new IPEndPoint(address, endpoint.Port)]
            : [.. new CheckedEndpoint(endpoint, examination.Configuration.Root.GetSection($"Kestrel:Endpoints:{endpoint.Name}")).Addresses];
        return addresses.Length > 0 ? new PublicSide(host, endpoint.Port, endpoint.IsHttps, addresses) : null;
    }

    /// <summary>HTTP/1.1, no redirects, whatever certificate: that is another check's matter.</summary>
    public HttpMessageInvoker CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null;
        return new HttpMessageInvoker(handler);
    }

    /// <exception cref="SocketException">Nobody takes the connection.</exception>
    /// <exception cref="TimeoutException">Nobody answers.</exception>
    public async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limited.CancelAfter(Patience);
            var socket = new Socket(Addresses[i].AddressFamily, SocketType.Stream, Addresses[i] is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(Addresses[i], limited.Token);
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                socket.Dispose();
                if (i + 1 == Addresses.Count)
                {
                    throw e is SocketException ? e : new TimeoutException($"{Addresses[i]} did not answer within {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
                }
            }
        }
    }
}

/// <summary>The names that clients call the gateway by.</summary>
internal static class PublicNames
{
    /// <summary>What the operator asks about, else what the configuration knows; <c>localhost</c> where it knows none: never empty. Without wildcards.</summary>
    public static IReadOnlyList<string> Of(Examination examination)
    {
        if (examination.Asked is { } asked)
        {
            return [asked.Host];
        }

        string[] names = examination.Mode == HostMode.Dev ? [] : [.. Domains(examination.Configuration)];
        return names.Length > 0 ? names : ["localhost"];
    }

    /// <summary>The names that are written in the configuration.</summary>
    public static IEnumerable<string> Domains(GatewayConfiguration configuration) =>
        (configuration.Acme?.DomainNames ?? []).Concat(configuration.AllowedHosts).Concat(configuration.Routes.SelectMany(r => r.Match.Hosts ?? []))
        .Select(name => name.Split(':') is [var host, _] ? host : name.Trim('[', ']'))
        .Where(name => name.Length > 0 && !name.Contains('*', StringComparison.Ordinal))
        .Distinct(StringComparer.OrdinalIgnoreCase);
}
