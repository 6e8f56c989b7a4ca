using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Hosting.Admin;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>Asks a running gateway for its status.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _client;

    public AdminClient(AdminAddress address)
    {
        Address = address;
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) => await ConnectAsync(address, cancellationToken),
        })
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Patience,
        };
    }

    public AdminAddress Address { get; }

    /// <summary>Where the gateway of a configuration file listens for its operator.</summary>
    /// <param name="config">The file; where it cannot be read the default holds.</param>
    /// <param name="dev">Whether <c>gateway dev</c> is meant.</param>
    /// <param name="error">Told why there is none.</param>
    /// <returns>Null when it is off.</returns>
    public static AdminClient? Open(string config, bool dev, TextWriter error)
    {
        var variables = ProcessEnvironment.Variables();
        var (configuration, _) = File.Exists(config) ? ConfigurationReader.Read(config, variables) : ConfigurationReader.ReadWithoutFile(config, variables);
        var written = configuration.Gateway.Admin;
        if (written is { Address: null })
        {
            error.WriteLine($"{written.Location}: Gateway:Admin is off, so there is no status.");
            return null;
        }

        return new AdminClient(dev ? AdminAddress.Dev : written?.Address ?? AdminAddress.Default);
    }

    /// <exception cref="HttpRequestException">Nobody listens there, or somebody else does.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or no answer in time.</exception>
    /// <exception cref="JsonException">It is another program.</exception>
    public async Task<StatusReport> ReadAsync(CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize(await ReadTextAsync(cancellationToken), StatusJson.Default.StatusReport) ?? throw new JsonException();

    /// <inheritdoc cref="ReadAsync"/>
    public Task<string> ReadTextAsync(CancellationToken cancellationToken) => _client.GetStringAsync("status.json", cancellationToken);

    /// <summary>Why a read failed, with what to do.</summary>
    public string Explain(Exception exception) => exception is OperationCanceledException ? $"{Address} did not answer within {Patience.TotalSeconds} s." : exception.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"User '{Environment.UserName}' may not connect to {Address}. Run it as root, as the gateway's user or as a member of its group.",
        SocketException or FileNotFoundException =>
            $"No gateway answers at {Address}. Is it running (systemctl status gateway)? Name its configuration with --config if that sets Gateway:Admin; "
            + "for `gateway dev` add --dev.",
        _ => $"{Address} is not a gateway's status: {exception.Message}",
    };

    public void Dispose() => _client.Dispose();

    private static async ValueTask<Stream> ConnectAsync(AdminAddress address, CancellationToken cancellationToken)
    {
        EndPoint endpoint = address.Tcp is { } tcp ? tcp : new UnixDomainSocketEndPoint(address.Socket!);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, address.Tcp is null ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
