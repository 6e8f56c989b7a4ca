using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Authentication;
using Gateway.Platform.Sockets;

namespace Gateway.Platform.Tls;

/// <summary>
/// TLS between a socket and its user. OpenSSL reads from the socket and writes to it itself; in between stand none of the two buffers, three
/// copies and two layers of state machines of <see cref="SslStream"/>.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class TlsSession : IByteChannel, IDisposable
{
    // RFC 8446 section 5.1
    private const int LargestRecord = 16 * 1024;

    // In one turn: more than there is room for. A client may send without end what is no data, key updates for example.
    private const int MostReads = 16;

    private const int Tls13 = 0x304;

    // A client that has the gateway answer it and does not read the answer.
    private static readonly TimeSpan ReplyPause = TimeSpan.FromMilliseconds(20);

    private static readonly nint Method = NewMethod();

    private readonly LinuxPolledSocket _socket;
    private readonly nint _ssl;
    private readonly GCHandle _self;
    private readonly Lock _lock = new();
    // Null once it is over.
    private TlsHandshake? _handshake;
    private ReadOnlyMemory<byte> _ahead;
    private Exception? _failure;
    // Of what is being written, after the present one.
    private int _recordsToCome;
    private int _readsLeft;
    private bool _isDry;
    private bool _hasEnded;
    private bool _isClosed;

    /// <param name="server">What it has in common with others.</param>
    /// <param name="socket">Below it.</param>
    /// <param name="ahead">What has come from there and was not read.</param>
    /// <param name="choice">Of the certificate.</param>
    public unsafe TlsSession(TlsServer server, LinuxPolledSocket socket, ReadOnlyMemory<byte> ahead, TlsChoice choice)
    {
        (_socket, _ahead, _handshake) = (socket, ahead, new TlsHandshake(choice));
        _ssl = OpenSsl.New(server.Context);
        GC.KeepAlive(server);
        if (_ssl == 0)
        {
            throw new AuthenticationException($"OpenSSL cannot begin a session: {OpenSsl.LastFailure()}");
        }

        _self = GCHandle.Alloc(this);
        var bio = OpenSsl.NewBio(Method);
        OpenSsl.SetBioData(bio, GCHandle.ToIntPtr(_self));
        OpenSsl.SetBioInitialized(bio, 1);
        OpenSsl.SetBios(_ssl, bio, bio);
        OpenSsl.SetReadAhead(_ssl, 1);
    }

    public bool IsDrained => _isDry && _socket.IsDrained;

    /// <summary>Makes the handshake.</summary>
    /// <exception cref="PlainHttpException">Somebody has forgotten the s of https.</exception>
    /// <exception cref="AuthenticationException">It was refused, by this side or the other.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    /// <exception cref="OperationCanceledException">It has taken too long.</exception>
    public async ValueTask<TlsAgreement> HandshakeAsync(CancellationToken cancellationToken)
    {
        for (var wanted = Advance(out var agreement); ; wanted = Advance(out agreement))
        {
            if (agreement is not null)
            {
                return agreement;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await (wanted == OpenSsl.WantRead ? _socket.WaitForBytesAsync(cancellationToken) : _socket.WaitForRoomAsync(cancellationToken));
        }
    }

    public unsafe int TryReceive(Span<byte> buffer)
    {
        lock (_lock)
        {
            var total = 0;
            _readsLeft = MostReads;
            while (total < buffer.Length && !_hasEnded && _failure is null)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                int read;
                fixed (byte* start = buffer)
                {
                    OpenSsl.ClearErrors();
                    read = OpenSsl.Read(_ssl, start + total, buffer.Length - total);
                }

                if (read > 0)
                {
                    total += read;
                    if (IsAllTaken)
                    {
                        break;
                    }

                    continue;
                }

                var error = OpenSsl.GetError(_ssl, read);
                if (_failure is not null)
                {
                    // The socket's.
                }
                else if (error == OpenSsl.WantRead)
                {
                    break;
                }
                else if (error == OpenSsl.WantWrite)
                {
                    LookAgain();
                    break;
                }
                else if (_hasEnded || error == OpenSsl.ZeroReturn)
                {
                    _hasEnded = true;
                }
                else
                {
                    _failure = new IOException($"TLS has failed: {OpenSsl.LastFailure()}");
                }
            }

            _isDry = total < buffer.Length && !_hasEnded && _failure is null;
            return total > 0 ? total
                : _failure is not null ? throw _failure
                : _hasEnded ? 0
                : -1;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        bytes.IsEmpty || TrySend(bytes.Span, isNew: true) ? ValueTask.CompletedTask : FinishAsync(bytes, cancellationToken);

    /// <summary>Tells the client that nothing follows (close_notify), as far as the socket takes it at once: without it an end is no different from a cut (RFC 8446 section 6.1).</summary>
    public unsafe void End()
    {
        lock (_lock)
        {
            if (_isClosed || _failure is not null || _handshake is not null)
            {
                return;
            }

            OpenSsl.ClearErrors();
            _ = OpenSsl.Shutdown(_ssl);
        }
    }

    public unsafe void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            OpenSsl.Free(_ssl);
            _self.Free();
        }
    }

    private unsafe int Advance(out TlsAgreement? agreement)
    {
        lock (_lock)
        {
            agreement = null;
            if (_isClosed || _handshake is not { } handshake)
            {
                throw new IOException("The connection was closed in the handshake.");
            }

            _readsLeft = MostReads;
            OpenSsl.ClearErrors();
            var result = OpenSsl.Accept(_ssl);
            var error = result == 1 ? 0 : OpenSsl.GetError(_ssl, result);
            // The tickets of TLS 1.3, which are sent last, go at once too: a client with Nagle's algorithm holds back its first request until
            // its end of the handshake is acknowledged, and without these the kernel would do that 40 ms later.
            var hasRoom = handshake.TrySend(_socket);
            if (result != 1 && error is not (OpenSsl.WantRead or OpenSsl.WantWrite))
            {
                throw _failure ??= OpenSsl.IsPlainHttp ? new PlainHttpException()
                    : _hasEnded ? new IOException("The client has gone in the handshake.")
                    : new AuthenticationException(OpenSsl.LastFailure());
            }

            if (result == 1 && hasRoom)
            {
                agreement = new TlsAgreement(VersionOf(OpenSsl.GetVersion(_ssl)), (TlsCipherSuite)OpenSsl.GetSuite(OpenSsl.GetCipher(_ssl)), handshake.ServerName, handshake.Protocol);
                _handshake = null;
            }

            return hasRoom ? OpenSsl.WantRead : OpenSsl.WantWrite;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        do
        {
            await _socket.WaitForRoomAsync(cancellationToken);
        }
        while (!TrySend(bytes.Span, isNew: false));
    }

    /// <returns>False when there is no room for all of it; to be called again with the same bytes then, which are no new ones.</returns>
    private unsafe bool TrySend(ReadOnlySpan<byte> bytes, bool isNew)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_failure is not null)
            {
                throw _failure;
            }

            int written;
            fixed (byte* start = bytes)
            {
                _recordsToCome = isNew ? (bytes.Length - 1) / LargestRecord : _recordsToCome;
                OpenSsl.ClearErrors();
                written = OpenSsl.Write(_ssl, start, bytes.Length);
            }

            if (written > 0)
            {
                return true;
            }

            var error = OpenSsl.GetError(_ssl, written);
            if (_failure is null && error is OpenSsl.WantWrite or OpenSsl.WantRead)
            {
                return false;
            }

            _failure ??= new IOException($"TLS has failed: {OpenSsl.LastFailure()}");
            throw _failure;
        }
    }

    // Not even part of a record is left: to ask OpenSSL once more would be for nothing.
    private unsafe bool IsAllTaken => _ahead.IsEmpty && _socket.IsDrained && OpenSsl.HasPending(_ssl) == 0;

    // There is no room for an answer of TLS's own, and the one who waits for room is the writer.
    private void LookAgain() => _ = Task.Delay(ReplyPause).ContinueWith(static (_, socket) => ((LinuxPolledSocket)socket!).Wake(), _socket, TaskScheduler.Default);

    private int Receive(Span<byte> buffer)
    {
        if (!_ahead.IsEmpty)
        {
            var count = Math.Min(_ahead.Length, buffer.Length);
            _ahead.Span[..count].CopyTo(buffer);
            _ahead = _ahead[count..];
            return count;
        }

        return _readsLeft-- > 0 ? _socket.TryReceive(buffer) : -1;
    }

    [UnmanagedCallersOnly]
    internal static unsafe int OnClientHello(nint ssl, int* alert, nint argument)
    {
        var session = Of(OpenSsl.GetReadBio(ssl));
        try
        {
            *alert = session._handshake?.Answer(ssl) ?? TlsAnswer.InternalError;
        }
        catch (Exception exception)
        {
            session._failure = exception;
            *alert = TlsAnswer.InternalError;
        }

        return *alert == 0 ? OpenSsl.HelloAccepted : OpenSsl.HelloRefused;
    }

    [UnmanagedCallersOnly]
    internal static unsafe int OnProtocols(nint ssl, byte** chosen, byte* chosenLength, byte* offered, uint offeredLength, nint argument)
    {
        if (Of(OpenSsl.GetReadBio(ssl))._handshake?.Choose(new ReadOnlySpan<byte>(offered, (int)offeredLength)) is not { } choice)
        {
            return OpenSsl.ProtocolRefused;
        }

        *chosen = offered + choice.Start.Value;
        *chosenLength = (byte)(choice.End.Value - choice.Start.Value);
        return OpenSsl.ProtocolChosen;
    }

    [UnmanagedCallersOnly]
    private static unsafe int OnRead(nint bio, byte* buffer, int length)
    {
        var session = Of(bio);
        OpenSsl.ClearBioFlags(bio, OpenSsl.ReadFlag | OpenSsl.WriteFlag | OpenSsl.RetryFlag);
        try
        {
            var received = session.Receive(new Span<byte>(buffer, length));
            if (received < 0)
            {
                OpenSsl.SetBioFlags(bio, OpenSsl.ReadFlag | OpenSsl.RetryFlag);
            }

            session._hasEnded |= received == 0;
            return received;
        }
        catch (Exception exception)
        {
            // None may pass through OpenSSL.
            session._failure = exception;
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static unsafe int OnWrite(nint bio, byte* bytes, int length)
    {
        var session = Of(bio);
        OpenSsl.ClearBioFlags(bio, OpenSsl.ReadFlag | OpenSsl.WriteFlag | OpenSsl.RetryFlag);
        try
        {
            if (session._handshake is { } handshake)
            {
                handshake.Add(new ReadOnlySpan<byte>(bytes, length));
                return length;
            }

            var sent = session._socket.TrySend(new ReadOnlySpan<byte>(bytes, length), session._recordsToCome > 0);
            if (sent == 0)
            {
                OpenSsl.SetBioFlags(bio, OpenSsl.WriteFlag | OpenSsl.RetryFlag);
                return -1;
            }

            session._recordsToCome -= sent == length ? 1 : 0;
            return sent;
        }
        catch (Exception exception)
        {
            session._failure = exception;
            return -1;
        }
    }

    private static unsafe nint NewMethod() => OpenSsl.IsAvailable ? OpenSsl.NewMethod(&OnRead, &OnWrite) : 0;

    private static unsafe TlsSession Of(nint bio) => (TlsSession)GCHandle.FromIntPtr(OpenSsl.GetBioData(bio)).Target!;

#pragma warning disable CA5397, SYSLIB0039 // For an operator who has set them.
    private static SslProtocols VersionOf(int number) => number switch
    {
        Tls13 => SslProtocols.Tls13,
        Tls13 - 1 => SslProtocols.Tls12,
        Tls13 - 2 => SslProtocols.Tls11,
        _ => SslProtocols.Tls,
    };
#pragma warning restore CA5397, SYSLIB0039
}
