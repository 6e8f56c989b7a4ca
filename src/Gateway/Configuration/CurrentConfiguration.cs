namespace Gateway.Configuration;

/// <summary>The configuration that is in force: one reference, replaced whole by a reload. Who needs two of its values reads it once.</summary>
internal sealed class CurrentConfiguration(GatewayConfiguration initial)
{
    private volatile GatewayConfiguration _value = initial;

    public GatewayConfiguration Value => _value;

    public void Replace(GatewayConfiguration next) => _value = next;
}
