namespace Gateway.Hosting;

/// <summary>Which verb the gateway was started with.</summary>
internal enum HostMode
{
    /// <summary>Production: serves what the file says, logs JSON, tells clients nothing about services.</summary>
    Run,

    /// <summary>A developer's machine: local certificates, readable output, errors that name the service.</summary>
    Dev,
}
