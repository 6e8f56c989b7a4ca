using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using Gateway.Platform;

namespace Gateway.Doctor;

/// <summary>What is examined: the configuration, the gateway that runs it if one does, and the machine.</summary>
internal sealed class Examination
{
    private readonly Lazy<Task<IReadOnlyList<ServiceAnswer>>> _services;
    private readonly Lazy<Task<FrontPage>> _page;

    public Examination()
    {
        // Several checks go by them; each is asked once.
        _services = new(() => ServiceQuestions.AskAsync(this, CancellationToken.None));
        _page = new(() => FrontPage.FetchAsync(this, CancellationToken.None));
    }

    /// <summary>As <c>run</c> or <c>dev</c> would serve it.</summary>
    public required GatewayConfiguration Configuration { get; init; }

    /// <summary>As it is written, with the endpoints of production.</summary>
    public required GatewayConfiguration Written { get; init; }

    /// <summary>What is wrong with it.</summary>
    public IReadOnlyList<ConfigurationError> ConfigurationErrors { get; init; } = [];

    public required HostMode Mode { get; init; }

    /// <summary>Whether nothing has said which mode is meant.</summary>
    public bool IsModeGuessed { get; init; }

    /// <summary>The running gateway's own account of itself; null when none runs, or its status is off.</summary>
    public StatusReport? Status { get; init; }

    /// <summary>The process of the running gateway; null when none runs.</summary>
    public int? ProcessId { get; init; }

    public bool IsRunning => ProcessId is not null;

    /// <summary>The systemd unit whose configuration this is; null when there is none.</summary>
    public ServiceUnit? Unit { get; init; }

    /// <summary>Whom the gateway runs as, or would; null where that is not known.</summary>
    public UnixUser? User { get; init; }

    /// <summary>Where certificates and keys are kept.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Whose browsers are meant.</summary>
    public required string Home { get; init; }

    /// <summary>The trust stores of the machine and of that home.</summary>
    public required IReadOnlyList<ITrustStore> TrustStores { get; init; }

    /// <summary>The name or address, perhaps with a port, that the operator asks about; null for the gateway's own.</summary>
    public DnsEndPoint? Asked { get; init; }

    /// <summary>Paths of WebSockets that the operator has named.</summary>
    public IReadOnlyList<string> WebSocketPaths { get; init; } = [];

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What a name leads to, as this machine is told.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>The addresses of this machine's network cards.</summary>
    public Func<IEnumerable<IPAddress>> OwnAddresses { get; init; } = LocalNames.InterfaceAddresses;

    /// <summary>How this program is called in a command.</summary>
    public string OwnCommand { get; init; } = StartedGateway.OwnCommand;

    /// <summary><c>--config FILE</c> for a command, with a space before it; empty where the default would be found.</summary>
    public string ConfigArgument => Written.FilePath == "gateway.json" ? "" : " --config " + ExternalCommand.ForShell(Written.FilePath);

    /// <summary>What a command needs before it that only root may do.</summary>
    public static string Sudo => Environment.IsPrivilegedProcess ? "" : "sudo ";

    /// <summary>Has a changed unit or group take effect.</summary>
    public string Restart => Unit is { } unit ? $"{Sudo}systemctl restart {unit.Name}" : "";

    /// <summary>Each service's answers.</summary>
    public Task<IReadOnlyList<ServiceAnswer>> ServicesAsync() => _services.Value;

    /// <summary>The first page and its scripts.</summary>
    public Task<FrontPage> PageAsync() => _page.Value;
}
