using Gateway.Configuration;

namespace Gateway.Hosting.Admin;

/// <summary>Where the operator's endpoint of this gateway is to listen.</summary>
/// <param name="Address">On this machine.</param>
/// <param name="IsRequired">Whether the gateway must not start without it: somebody has written it down for this verb.</param>
/// <param name="Location">Where it is written; null for the default.</param>
internal sealed record AdminListening(AdminAddress Address, bool IsRequired, string? Location)
{
    /// <summary>Null when it is off. <c>gateway dev</c> takes its own port unless the file says off, as it does with all endpoints.</summary>
    public static AdminListening? For(GatewayConfiguration configuration, HostMode mode)
    {
        var written = configuration.Gateway.Admin;
        if (written is { Address: null })
        {
            return null;
        }

        return mode == HostMode.Dev ? new AdminListening(AdminAddress.Dev, IsRequired: false, null)
            : written is { Address: { } address } ? new AdminListening(address, IsRequired: true, written.Location)
            : new AdminListening(AdminAddress.Default, IsRequired: false, null);
    }
}
