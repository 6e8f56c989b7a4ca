namespace Gateway.Certificates;

/// <summary>The one mutable reference to the certificate table. Each source publishes its own set whole.</summary>
internal sealed class ServedCertificates(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<CertificateSource, IReadOnlyList<ServedCertificate>> _bySource = [];
    private volatile CertificateTable _table = CertificateTable.Empty;

    /// <summary>The table for new handshakes; those in flight keep the one that they began with.</summary>
    public CertificateTable Table => _table;

    /// <summary>Replaces all certificates of one source.</summary>
    public void Publish(CertificateSource source, IReadOnlyList<ServedCertificate> certificates)
    {
        lock (_lock)
        {
            _bySource[source] = certificates;
            _table = CertificateTable.Create([.. _bySource.Values.SelectMany(set => set)], clock);
        }
    }
}
