using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace Gateway.EndToEnd.Systemd;

/// <summary>300 requests a second: half of them on new connections, half on connections that are kept.</summary>
/// <param name="connect">Opens a TCP connection to the proxy.</param>
/// <param name="length">Of the answer that is expected.</param>
internal sealed class MixedLoad(Func<CancellationToken, ValueTask<Socket>> connect, int length) : IAsyncDisposable
{
    private const int NewPerSecond = 150;
    private const int Kept = 30;
    private const int KeptPerSecond = 5;

    // As long as a browser would wait.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly List<Task> _running = [];
    private int _answered;
    private int _refused;
    private int _truncated;
    private int _serverErrors;
    private int _idleCloses;

    /// <summary>Starts it.</summary>
    public MixedLoad Start()
    {
        _running.Add(Task.Run(OpenNewAsync));
        _running.AddRange(Enumerable.Range(0, Kept).Select(i => Task.Run(() => KeepAsync(i))));
        return this;
    }

    /// <summary>Waits for as many more answers.</summary>
    public async Task PassAsync(int answers, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick);
        for (var until = _answered + answers; _answered < until;)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Ends it, when every request that was begun has its answer.</summary>
    public async Task<LoadResult> StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        return new LoadResult(_answered, _refused, _truncated, _serverErrors, _idleCloses, [.. _failures]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task OpenNewAsync()
    {
        var requests = new ConcurrentDictionary<Task, bool>();
        var began = Stopwatch.GetTimestamp();
        var opened = 0;
        await foreach (var tick in TicksAsync(Tick))
        {
            // By the clock: a machine that is late for a tick makes up for it.
            for (; opened < Stopwatch.GetElapsedTime(began).TotalSeconds * NewPerSecond; opened++)
            {
                var request = Task.Run(AskOnceAsync);
                requests.TryAdd(request, true);
                request.GetAwaiter().OnCompleted(() => requests.TryRemove(request, out var _));
            }
        }

        await Task.WhenAll(requests.Keys);
    }

    private async Task AskOnceAsync()
    {
        await using var connection = await OpenAsync();
        if (connection is not null && !await AskAsync(connection))
        {
            Fail(ref _truncated, "a new connection ended without an answer");
        }
    }

    private async Task KeepAsync(int number)
    {
        HttpsConnection? connection = null;
        var isNew = false;
        await foreach (var tick in TicksAsync(TimeSpan.FromSeconds(1.0 / KeptPerSecond), TimeSpan.FromMilliseconds(200.0 * number / Kept)))
        {
            while (true)
            {
                if (connection is null)
                {
                    (connection, isNew) = (await OpenAsync(), true);
                }

                if (connection is null)
                {
                    break;
                }

                var isAnswered = await AskAsync(connection);
                if (!isAnswered && isNew)
                {
                    Fail(ref _truncated, "a new connection ended without an answer");
                }
                else if (!isAnswered)
                {
                    // RFC 9112 section 9.3.1: either side may close an idle connection, and the client asks again on another.
                    Interlocked.Increment(ref _idleCloses);
                }

                var again = !isAnswered && !isNew;
                isNew = false;
                if (!isAnswered || connection.IsOver)
                {
                    await connection.DisposeAsync();
                    connection = null;
                }

                if (!again)
                {
                    break;
                }
            }
        }

        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task<HttpsConnection?> OpenAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        Socket socket;
        try
        {
            socket = await connect(limit.Token);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            Fail(ref _refused, exception.Message);
            return null;
        }

        try
        {
            return await HttpsConnection.OpenAsync(socket, limit.Token);
        }
        catch (Exception exception)
        {
            Fail(ref _truncated, "handshake: " + exception.Message);
            return null;
        }
    }

    /// <returns>False when the connection ended before an answer began.</returns>
    private async Task<bool> AskAsync(HttpsConnection connection)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            if (await connection.AskAsync(limit.Token) is not { } answer)
            {
                return false;
            }

            if (answer.Status >= 500)
            {
                Fail(ref _serverErrors, $"answered {answer.Status}");
            }
            else if (answer != (200, length))
            {
                Fail(ref _truncated, $"answered {answer}");
            }
            else
            {
                Interlocked.Increment(ref _answered);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            Fail(ref _truncated, exception.Message);
            return true;
        }
    }

    private void Fail(ref int counter, string what)
    {
        Interlocked.Increment(ref counter);
        _failures.Enqueue(what);
    }

    private async IAsyncEnumerable<int> TicksAsync(TimeSpan period, TimeSpan delay = default)
    {
        using var timer = new PeriodicTimer(period);
        if (delay > TimeSpan.Zero)
        {
            using var first = new PeriodicTimer(delay);
            await first.WaitForNextTickAsync();
        }

        while (!_stop.IsCancellationRequested)
        {
            yield return 0;
            await timer.WaitForNextTickAsync();
        }
    }
}

/// <summary>What became of the requests of a load.</summary>
/// <param name="Answered">With 200, whole.</param>
/// <param name="Refused">Connections that were refused, or not accepted in time.</param>
/// <param name="Truncated">Connections that ended in the handshake, before the first answer or in the middle of one.</param>
/// <param name="ServerErrors">Answers of 5xx.</param>
/// <param name="IdleCloses">Kept connections that had been closed when they were to be used again.</param>
/// <param name="Failures">Of all kinds but the last, in words.</param>
internal sealed record LoadResult(int Answered, int Refused, int Truncated, int ServerErrors, int IdleCloses, IReadOnlyList<string> Failures)
{
    public override string ToString() =>
        $"{Answered} answered, {Refused} refused, {Truncated} truncated, {ServerErrors} answers of 5xx, {IdleCloses} idle closes"
        + string.Concat(Failures.GroupBy(f => f).Select(g => $"\n  {g.Count()} x {g.Key}"));
}
