using System.Net;
using Gateway.Configuration;
using Gateway.Doctor;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using Gateway.Platform;
using Gateway.Tests.Certificates;
using Gateway.Tests.Configuration;

namespace Gateway.Tests.Doctor;

/// <summary>What is examined in these tests: a configuration, a folder for files and state, and no more of the machine than a test wants.</summary>
internal sealed class Patient : IDisposable
{
    public TestFolder Folder { get; } = new();

    public GatewayConfiguration Configuration { get; set; } = new() { FilePath = "gateway.json" };

    public HostMode Mode { get; set; } = HostMode.Run;

    public int? ProcessId { get; set; }

    public StatusReport? Status { get; set; }

    public ServiceUnit? Unit { get; set; }

    public UnixUser? User { get; set; }

    public DnsEndPoint? Asked { get; set; }

    public string[] WebSocketPaths { get; set; } = [];

    public List<ITrustStore> Stores { get; } = [];

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public Dictionary<string, IPAddress[]> Dns { get; } = [];

    public IPAddress[] Addresses { get; set; } = [];

    public string State => Folder["state"];

    public Patient Read(string json)
    {
        var result = ConfigurationText.Read(json);
        Assert.Empty(result.Errors);
        Configuration = result.Configuration;
        return this;
    }

    public Examination Examine() => new()
    {
        Configuration = Configuration,
        Written = Configuration,
        Mode = Mode,
        ProcessId = ProcessId,
        Status = Status,
        Unit = Unit,
        User = User,
        StateDirectory = State,
        Home = Folder.Path,
        TrustStores = Stores,
        Asked = Asked,
        WebSocketPaths = WebSocketPaths,
        Clock = Clock,
        Resolve = (name, _) => Dns.TryGetValue(name, out var addresses)
            ? Task.FromResult(addresses)
            : Task.FromException<IPAddress[]>(new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound)),
        OwnAddresses = () => Addresses,
        OwnCommand = "gateway",
    };

    public Task<CheckResult> RunAsync(ICheck check) => check.RunAsync(Examine(), TestContext.Current.CancellationToken);

    /// <summary>The one finding of a check.</summary>
    public async Task<Finding> FindAsync(ICheck check) => Assert.Single((await RunAsync(check)).Findings);

    public void Dispose() => Folder.Dispose();
}
