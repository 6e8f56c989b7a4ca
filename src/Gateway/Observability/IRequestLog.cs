namespace Gateway.Observability;

/// <summary>Where the records of requests go without <c>Gateway:AccessLog</c>.</summary>
internal interface IRequestLog
{
    /// <param name="record">Of a request that is over.</param>
    void Write(in AccessRecord record);
}
