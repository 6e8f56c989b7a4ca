using System.Diagnostics;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class NameLockTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OfTwoOneHasIt()
    {
        await using var first = await Lock().TryTakeAsync(Token);
        Assert.NotNull(first);
        Assert.Null(await Lock().TryTakeAsync(Token));
    }

    [Fact]
    public async Task IsFreeAgainAfterItsOwnerIsDone()
    {
        await (await Lock().TryTakeAsync(Token))!.DisposeAsync();
        await using var second = await Lock().TryTakeAsync(Token);
        Assert.NotNull(second);
    }

    [Fact]
    public async Task StaysWithAnOwnerWhoseHeartBeats()
    {
        await using var first = await Lock().TryTakeAsync(Token);
        var second = Lock();
        for (var i = 0; i < 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            Assert.Null(await second.TryTakeAsync(Token));
        }

        Assert.False(first!.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task IsTakenOverWhenTheHeartStandsStill()
    {
        LeaveBehind(new LockOwner(Guid.NewGuid(), "another machine", 1, 7));
        var mine = Lock();
        Assert.Null(await mine.TryTakeAsync(Token));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Null(await mine.TryTakeAsync(Token));
        _time.Advance(TimeSpan.FromSeconds(2));
        await using var held = await TakeOverAsync(mine);
        Assert.NotNull(held);
    }

    [Fact]
    public async Task IsTakenOverAtOnceFromAProcessThatHasEndedHere()
    {
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync(Token);
        await using (await Lock().TryTakeAsync(Token))
        {
            var owner = NameLock.Read(_folder["name.lock"])!;
            File.WriteAllBytes(_folder["copy"], NameLock.Serialize(owner with { Id = Guid.NewGuid(), ProcessId = ended.Id }));
        }

        File.Move(_folder["copy"], _folder["name.lock"], overwrite: true);
        await using var held = await TakeOverAsync(Lock());
        Assert.NotNull(held);
    }

    [Fact]
    public async Task OfManyThatTakeOverOneHasIt()
    {
        LeaveBehind(new LockOwner(Guid.NewGuid(), "another machine", 1, 7));
        var locks = Enumerable.Range(0, 8).Select(_ => Lock()).ToList();
        foreach (var one in locks)
        {
            Assert.Null(await one.TryTakeAsync(Token));
        }

        _time.Advance(TimeSpan.FromSeconds(31));
        var taking = locks.Select(one => Task.Run(() => one.TryTakeAsync(Token))).ToArray();
        var all = Task.WhenAll(taking);
        while (!all.IsCompleted)
        {
            await Task.Delay(20, Token);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var held = (await all).OfType<HeldLock>().ToList();
        Assert.Single(held);
        await held[0].DisposeAsync();
    }

    [Fact]
    public async Task TellsAnOwnerThatSleptThatItIsGone()
    {
        var held = (await Lock().TryTakeAsync(Token))!;
        LeaveBehind(new LockOwner(Guid.NewGuid(), "another machine", 1, 0));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(held.Lost.IsCancellationRequested);
        await held.DisposeAsync();
        Assert.True(File.Exists(_folder["name.lock"]));
    }

    private NameLock Lock() => new(_folder["name.lock"], _time);

    private void LeaveBehind(LockOwner owner) => AtomicFile.Write(_folder["name.lock"], NameLock.Serialize(owner), AtomicFile.Secret);

    // It waits a second to see who has won.
    private async Task<HeldLock?> TakeOverAsync(NameLock mine)
    {
        var taking = mine.TryTakeAsync(Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        return await taking;
    }
}
