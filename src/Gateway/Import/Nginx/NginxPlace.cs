namespace Gateway.Import.Nginx;

/// <summary>Where something stands in an nginx configuration.</summary>
/// <param name="File">As it was opened.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal sealed record NginxPlace(string File, int Line, int Column)
{
    /// <summary><c>nginx.conf:12</c>, short enough for a comment.</summary>
    public string Short => $"{Path.GetFileName(File)}:{Line}";

    public override string ToString() => $"{File}({Line},{Column})";
}
