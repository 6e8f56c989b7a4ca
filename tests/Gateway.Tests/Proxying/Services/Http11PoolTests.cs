using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Platform.Sockets;
using Gateway.Proxying.Services;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxying.Services;

public sealed class Http11PoolTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly Http11Pool _pool;
    private readonly KeptConnections _kept;

    public Http11PoolTests()
    {
        _pool = new Http11Pool(_time);
        _kept = _pool.At(new Http11Service("service", 80));
        _listener.Start();
    }

    public void Dispose()
    {
        _pool.Dispose();
        _sockets.ForEach(s => s.Dispose());
        _listener.Dispose();
    }

    [Fact]
    public void TheOneUsedLastGoesFirst()
    {
        var (first, _) = Answered();
        var (second, _) = Answered();

        Assert.Same(second, _pool.TryTake(_kept));
        Assert.Same(first, _pool.TryTake(_kept));
        Assert.Null(_pool.TryTake(_kept));
        Assert.Null(_pool.TryTake(_pool.At(new Http11Service("service", 81))));
    }

    [Fact]
    public async Task OneThatItsServiceHasClosedIsNotTaken()
    {
        var (_, atService) = Answered();
        atService.Dispose();
        var deadline = Environment.TickCount64 + 10_000;
        Http11Connection? taken = null;
        while (Environment.TickCount64 < deadline && (taken = _pool.TryTake(_kept)) is not null)
        {
            // The end is still on its way.
            taken.Complete();
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Null(taken);
    }

    [Fact]
    public async Task OneThatIsIdleForAMinuteIsClosedWithoutAnyRequest()
    {
        var (_, atService) = Answered();

        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(0, atService.Available);
        Assert.False(atService.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
        _time.Advance(TimeSpan.FromSeconds(15));
        _time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(0, await atService.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Null(_pool.TryTake(_kept));
    }

    [Fact]
    public void OneThatIsFiveMinutesOldIsNotKept()
    {
        var (connection, _) = Answered();
        for (var i = 0; i < 11; i++)
        {
            Assert.Same(connection, _pool.TryTake(_kept));
            _time.Advance(TimeSpan.FromSeconds(30));
            connection.Complete();
        }

        Assert.Null(_pool.TryTake(_kept));
    }

    [Theory]
    [InlineData("timeout=5", 3.9)]
    [InlineData("max=100, Timeout=5", 3.9)]
    [InlineData("timeout=600", 59)]
    [InlineData("timeout=soon", 59)]
    [InlineData("timeout=-5", 59)]
    [InlineData("timeout=99999999999", 59)]
    public async Task OneIsTakenUntilASecondBeforeItsServiceWouldCloseIt(string keepAlive, double seconds)
    {
        var (connection, atService) = Answered($"Keep-Alive: {keepAlive}\r\n");

        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Same(connection, _pool.TryTake(_kept));
        connection.Complete();
        _time.Advance(TimeSpan.FromSeconds(seconds + 1.1));
        Assert.Null(_pool.TryTake(_kept));

        Assert.Equal(0, await atService.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("timeout=0")]
    [InlineData("timeout=1")]
    public async Task OneThatItsServiceWouldCloseAtOnceIsNotKept(string keepAlive)
    {
        var (_, atService) = Answered($"Keep-Alive: {keepAlive}\r\n");

        Assert.Null(_pool.TryTake(_kept));
        Assert.Equal(0, await atService.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task NothingIsKeptOnceItIsDisposed()
    {
        var (connection, atService) = Answered();
        Assert.Same(connection, _pool.TryTake(_kept));

        _pool.Dispose();
        connection.Complete();

        Assert.Equal(0, await atService.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    // A connection after its first answer, and the service's end of it.
    private (Http11Connection Connection, Socket AtService) Answered(string headers = "")
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_listener.LocalEndpoint);
        var atService = _listener.AcceptSocket();
        _sockets.Add(atService);
        var connection = new Http11Connection(PolledSocket.Over(socket), _pool, _kept, _time);
        var answering = connection.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://service/"), CancellationToken.None);
        atService.Receive(new byte[1000]);
        atService.Send(Encoding.ASCII.GetBytes($"HTTP/1.1 204 No Content\r\n{headers}\r\n"));
        answering.GetAwaiter().GetResult();
        return (connection, atService);
    }
}
