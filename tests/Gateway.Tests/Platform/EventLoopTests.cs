using Gateway.Platform;

namespace Gateway.Tests.Platform;

public sealed class EventLoopTests
{
    [Fact]
    public async Task WhoLeavesGoesOnInThePoolHoweverBusyItsThreadIsUntilThen()
    {
        var isInLoop = new TaskCompletionSource<bool>();
        var thread = new Thread(() => _ = LeaveAsync()) { IsBackground = true };
        thread.Start();
        Assert.False(await isInLoop.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));

        async Task LeaveAsync()
        {
            var leaving = EventLoop.LeaveAsync();
            for (var i = 0; i < 100; i++)
            {
                // Whatever else it has been given, the pool has done by then.
                using var isLaterDone = new ManualResetEventSlim();
                ThreadPool.QueueUserWorkItem(_ => isLaterDone.Set());
                isLaterDone.Wait();
            }

            await leaving;
            isInLoop.SetResult(EventLoop.IsCurrent);
        }
    }

    [Fact]
    public async Task WhoIsNotInALoopGoesOnAtOnce() => Assert.True(await Task.Run(static () => EventLoop.LeaveAsync().GetAwaiter().IsCompleted, TestContext.Current.CancellationToken));
}
