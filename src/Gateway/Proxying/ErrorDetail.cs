namespace Gateway.Proxying;

/// <summary>How much an error response tells about what stands behind the gateway.</summary>
internal enum ErrorDetail
{
    /// <summary>The request id only; the rest is in the log.</summary>
    Hidden,

    /// <summary>The service and the reason, for the developer at the screen.</summary>
    Shown,
}
