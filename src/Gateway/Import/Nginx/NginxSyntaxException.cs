namespace Gateway.Import.Nginx;

/// <summary>Text that nginx would not read either.</summary>
internal sealed class NginxSyntaxException(NginxPlace place, string rule) : Exception($"{place}: {rule}")
{
    public NginxPlace Place { get; } = place;
}
