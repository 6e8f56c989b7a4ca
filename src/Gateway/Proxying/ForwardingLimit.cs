using Microsoft.Extensions.ObjectPool;

namespace Gateway.Proxying;

/// <summary>What ends the forwarding of a request: nothing moves for too long, or nobody wants it any more.</summary>
internal sealed class ForwardingLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly ObjectPool<ForwardingLimit> _home;
    private TimeSpan _silence;
    private CancellationToken _client;
    private CancellationToken _caller;
    private CancellationTokenRegistration _ofClient;
    private CancellationTokenRegistration _ofCaller;

    private ForwardingLimit(TimeProvider time, ObjectPool<ForwardingLimit> home) =>
        (_source, _home) = (new CancellationTokenSource(Timeout.InfiniteTimeSpan, time), home);

    public CancellationToken Token => _source.Token;

    /// <summary>It was not the silence that ended it.</summary>
    public bool IsGivenUp => _client.IsCancellationRequested || _caller.IsCancellationRequested;

    /// <summary>Something has moved.</summary>
    public void Renew() => _source.CancelAfter(_silence);

    /// <summary>The request is over.</summary>
    public void Dispose()
    {
        _ofClient.Dispose();
        _ofCaller.Dispose();
        (_client, _caller) = (default, default);
        _home.Return(this);
    }

    private ForwardingLimit Begin(TimeSpan silence, CancellationToken client, CancellationToken caller)
    {
        (_silence, _client, _caller) = (silence, client, caller);
        Renew();
        _ofClient = client.UnsafeRegister(static limit => ((ForwardingLimit)limit!)._source.Cancel(), this);
        _ofCaller = caller.UnsafeRegister(static limit => ((ForwardingLimit)limit!)._source.Cancel(), this);
        return this;
    }

    /// <summary>Those that wait for their next request.</summary>
    /// <param name="time">Clock of the silence.</param>
    public sealed class Pool(TimeProvider time) : PooledObjectPolicy<ForwardingLimit>
    {
        private const int Most = 1024;

        private ObjectPool<ForwardingLimit>? _free;

        private ObjectPool<ForwardingLimit> Free => _free ??= new DefaultObjectPool<ForwardingLimit>(this, Most);

        /// <summary>One for a request that begins.</summary>
        /// <param name="silence">The longest.</param>
        /// <param name="client">The client has gone.</param>
        /// <param name="caller">Anybody else does not want it.</param>
        public ForwardingLimit Begin(TimeSpan silence, CancellationToken client, CancellationToken caller) => Free.Get().Begin(silence, client, caller);

        public override ForwardingLimit Create() => new(time, Free);

        /// <returns>False for one that has ended its request, or whose clock does not allow another turn.</returns>
        public override bool Return(ForwardingLimit limit)
        {
            var isReady = limit._source.TryReset();
            if (!isReady)
            {
                limit._source.Dispose();
            }

            return isReady;
        }
    }
}
