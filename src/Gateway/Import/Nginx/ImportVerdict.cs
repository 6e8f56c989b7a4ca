namespace Gateway.Import.Nginx;

/// <summary>What has become of a directive, in the order of what a reader must know.</summary>
internal enum ImportVerdict
{
    /// <summary>A client and a service cannot tell the difference.</summary>
    Kept,

    /// <summary>Something differs, or the gateway does it by itself.</summary>
    Changed,

    /// <summary>Something is missing, and somebody has to do something.</summary>
    NotSupported,
}
