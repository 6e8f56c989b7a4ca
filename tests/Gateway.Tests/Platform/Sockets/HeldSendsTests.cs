using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Gateway.Platform;
using Gateway.Platform.Sockets;

namespace Gateway.Tests.Platform.Sockets;

/// <summary>What is sent in an event loop's turn waits for its end. By itself: whether anybody goes on in a loop holds for the whole process.</summary>
[CollectionDefinition(nameof(HeldSendsTests), DisableParallelization = true)]
[Collection(nameof(HeldSendsTests))]
[SupportedOSPlatform("linux")]
public sealed class HeldSendsTests : IDisposable
{
    private const int Sockets = 40;
    private const int LargestHeld = 4 * 1024;
    private const int MostSends = 2000;

    private readonly List<(Socket Peer, LinuxPolledSocket Polled)> _pairs = [];
    private readonly ManualResetEventSlim _isAllThere = new();

    public HeldSendsTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET waits");
        EventLoop.IsShared = true;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        EventLoop.IsShared = false;
        foreach (var (peer, polled) in _pairs)
        {
            polled.Dispose();
            peer.Dispose();
        }
    }

    /// <param name="mostReceived">About so much the kernel takes for a peer that does not read, and eight times as much for the sender; null: much.</param>
    private void Connect(int? mostReceived = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        for (var i = 0; i < Sockets; i++)
        {
            var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
            if (mostReceived is { } most)
            {
                // Before it connects, and says how much it will take.
                peer.ReceiveBufferSize = most;
                listener.Server.SendBufferSize = 8 * most;
            }

            peer.Connect(listener.LocalEndpoint);
            _pairs.Add((peer, new LinuxPolledSocket(listener.AcceptSocket()) { GoesOnInLoop = true }));
        }
    }

    /// <summary>Has each socket served in the loop that it belongs to, all of a loop in one turn.</summary>
    private async Task ServeAsync(Func<LinuxPolledSocket, int, Task> serve)
    {
        _isAllThere.Reset();
        var served = _pairs.Select((pair, i) => ServeOneAsync(pair.Polled, i, serve)).ToArray();
        // The first of each loop keep it from the others, until all have come.
        foreach (var (peer, _) in _pairs)
        {
            peer.Send([1]);
        }

        _isAllThere.Set();
        await Task.WhenAll(served).WaitAsync(TimeSpan.FromSeconds(20), Token);
        await EventLoop.LeaveAsync();
    }

    private async Task ServeOneAsync(LinuxPolledSocket polled, int number, Func<LinuxPolledSocket, int, Task> serve)
    {
        Assert.Equal(-1, polled.TryReceive(new byte[10]));
        await polled.WaitForBytesAsync(Token);
        Assert.True(EventLoop.IsCurrent);
        Assert.Equal(1, polled.TryReceive(new byte[10]));
        _isAllThere.Wait(Token);
        await serve(polled, number);
    }

    private static byte[] Receive(Socket peer, int length)
    {
        var received = new byte[length];
        for (var total = 0; total < length;)
        {
            var count = peer.Receive(received.AsSpan(total));
            Assert.NotEqual(0, count);
            total += count;
        }

        return received;
    }

    [Fact]
    public async Task WhatIsSentGoesWhenOthersOfTheTurnHaveBeenServed()
    {
        Connect();
        var waiting = 0;
        await ServeAsync((polled, number) =>
        {
            Assert.Equal(2, polled.TrySend([(byte)number, 7]));
            Interlocked.Add(ref waiting, _pairs[number].Peer.Available == 0 ? 1 : 0);
            return Task.CompletedTask;
        });

        // But for the first of each loop, whose turn was theirs alone.
        Assert.InRange(waiting, Sockets / 2, Sockets);
        for (var i = 0; i < Sockets; i++)
        {
            Assert.Equal([(byte)i, 7], Receive(_pairs[i].Peer, 2));
        }
    }

    [Fact]
    public async Task OneSocketsBytesStayInTheirOrder()
    {
        Connect();
        var (small, large) = (new byte[3_000], new byte[9_000]);
        Array.Fill(small, (byte)'s');
        Array.Fill(large, (byte)'l');
        await ServeAsync(async (polled, _) =>
        {
            Assert.Equal(1, polled.TrySend("a"u8));
            Assert.Equal(1, polled.TrySend("b"u8, isMoreToCome: true));
            Assert.Equal(small.Length, polled.TrySend(small));
            Assert.Equal(large.Length, polled.TrySend(large));
            Assert.Equal(1, polled.TrySend("c"u8));
            await Task.Run(() => Assert.Equal(1, polled.TrySend("d"u8)), Token);
        });

        foreach (var (peer, _) in _pairs)
        {
            Assert.Equal([(byte)'a', (byte)'b', .. small, .. large, (byte)'c', (byte)'d'], Receive(peer, 2 + small.Length + large.Length + 2));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoEndsItHasSentWhatWasHeld(bool isShut)
    {
        Connect();
        await ServeAsync((polled, _) =>
        {
            Assert.Equal(4, polled.TrySend("last"u8));
            if (isShut)
            {
                polled.Shut();
            }

            polled.Dispose();
            return Task.CompletedTask;
        });

        foreach (var (peer, _) in _pairs)
        {
            Assert.Equal("last"u8.ToArray(), Receive(peer, 4));
            Assert.Equal(0, peer.Receive(new byte[1]));
        }
    }

    /// <summary>Each sends until there is no room for it, and there will be none before its peer reads.</summary>
    /// <returns>How many bytes each of them has, the largest that is held of each number.</returns>
    private async Task<int[]> FillAsync()
    {
        Connect(mostReceived: LargestHeld);
        var sent = new int[Sockets];
        await ServeAsync((polled, number) =>
        {
            for (var i = 0; i < MostSends && sent[number] == i * LargestHeld; i++)
            {
                sent[number] += polled.TrySend(Enumerable.Repeat((byte)i, LargestHeld).ToArray());
            }

            return Task.CompletedTask;
        });
        return sent;
    }

    [Fact]
    public async Task WhatThereIsNoRoomForFollowsWhenThereIs()
    {
        var sent = await FillAsync();
        // Whether somebody waits for it or not.
        var finished = _pairs.Where((_, i) => i % 2 == 0).Select(pair => pair.Polled.FinishAsync().AsTask()).ToArray();

        // Not all: who finds nothing more held in this turn has it sent at once, and knows what was left.
        Assert.Contains(finished, static task => !task.IsCompleted);
        Assert.All(sent, static count => Assert.InRange(count, 1, MostSends * LargestHeld - 1));
        for (var i = 0; i < Sockets; i++)
        {
            Assert.Equal(Enumerable.Range(0, sent[i]).Select(static n => (byte)(n / LargestHeld)), Receive(_pairs[i].Peer, sent[i]));
        }

        await Task.WhenAll(finished).WaitAsync(TimeSpan.FromSeconds(10), Token);
        await EventLoop.LeaveAsync();
    }

    /// <summary>It waits for its peer by its own patience, and not by that of whoever closes it.</summary>
    [Fact]
    public async Task AUserWhoHasLackedRoomOnceIsToldAtOnceFromThenOn()
    {
        var sent = await FillAsync();
        for (var i = 0; i < Sockets; i++)
        {
            _pairs[i].Polled.Socket.NoDelay = true;
            Receive(_pairs[i].Peer, sent[i]);
        }

        await ServeAsync(async (polled, number) =>
        {
            await polled.SendAsync(new byte[2], Token);
            Assert.Equal(2, _pairs[number].Peer.Available);
        });
    }

    [Fact]
    public async Task AUserWhosePeerHasGoneLearnsItByTheEnd()
    {
        Connect();
        await ServeAsync(async (polled, number) =>
        {
            _pairs[number].Peer.LingerState = new LingerOption(true, 0);
            _pairs[number].Peer.Dispose();
            int received;
            try
            {
                // Sent at once by the first of a loop, who is told here.
                Assert.Equal(1, polled.TrySend("x"u8));
                while ((received = polled.TryReceive(new byte[10])) < 0)
                {
                    await polled.WaitForBytesAsync(Token);
                }
            }
            catch (SocketException)
            {
                received = 0;
            }

            Assert.Equal(0, received);
        });
    }
}
