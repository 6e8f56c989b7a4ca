using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Sockets;

/// <summary>
/// TLS between a socket and its user once <see cref="SslStream"/> has made the handshake. OpenSSL reads from the socket and writes to it itself;
/// in between stand none of the stream's two buffers, three copies and two layers of state machines.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class TlsSession : IByteChannel, IDisposable
{
    // RFC 8446 section 5.1
    private const int LargestRecord = 16 * 1024;

    // In one turn: more than there is room for. A client may send without end what is no data, key updates for example.
    private const int MostReads = 16;

    // A client that has the gateway answer it and does not read the answer.
    private static readonly TimeSpan ReplyPause = TimeSpan.FromMilliseconds(20);

    private static readonly FieldInfo? HandleField = FindHandleField();
    private static readonly nint Method = NewMethod();

    private readonly LinuxPolledSocket _socket;
    private readonly SafeHandle _handle;
    private readonly nint _ssl;
    private readonly GCHandle _self;
    private readonly Lock _lock = new();
    private ReadOnlyMemory<byte> _ahead;
    private Exception? _failure;
    // Of what is being written, after the present one.
    private int _recordsToCome;
    private int _readsLeft;
    private bool _isDry;
    private bool _hasEnded;
    private bool _isClosed;

    private unsafe TlsSession(SafeHandle handle, LinuxPolledSocket socket, ReadOnlyMemory<byte> ahead)
    {
        (_handle, _socket, _ahead) = (handle, socket, ahead);
        var isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        _ssl = handle.DangerousGetHandle();
        _self = GCHandle.Alloc(this);
        var bio = OpenSsl.NewBio(Method);
        OpenSsl.SetBioData(bio, GCHandle.ToIntPtr(_self));
        OpenSsl.SetBioInitialized(bio, 1);
        // Frees those of the stream, which has no use for them any more.
        OpenSsl.SetBios(_ssl, bio, bio);
        OpenSsl.SetReadAhead(_ssl, 1);
        OpenSsl.Control(_ssl, OpenSsl.ModeCommand, OpenSsl.AcceptMovingWriteBuffer, 0);
        OpenSsl.SetOptions(_ssl, OpenSsl.NoRenegotiation | OpenSsl.IgnoreUnexpectedEnd);
    }

    public bool IsDrained => _isDry && _socket.IsDrained;

    /// <summary>Whether the stream's connection can be taken over.</summary>
    public static bool CanTake(SslStream stream) => HandleOf(stream) is { } handle && IsEmpty(handle);

    /// <summary>Takes a connection over. The stream must not be used any more, and may be disposed of.</summary>
    /// <param name="stream">Its handshake is over, and it was given no byte beyond.</param>
    /// <param name="socket">Below it.</param>
    /// <param name="ahead">What has come from the socket after the handshake.</param>
    public static TlsSession Take(SslStream stream, LinuxPolledSocket socket, ReadOnlyMemory<byte> ahead) =>
        new(HandleOf(stream) ?? throw new ArgumentException("has no session", nameof(stream)), socket, ahead);

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
            if (_isClosed || _failure is not null)
            {
                return;
            }

            // .NET makes its sessions end without.
            OpenSsl.SetQuietShutdown(_ssl, 0);
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
            // The stream, when it goes, would write to a descriptor that may be another connection's by then.
            OpenSsl.SetQuietShutdown(_ssl, 1);
            OpenSsl.SetBios(_ssl, 0, 0);
            _self.Free();
        }

        _handle.DangerousRelease();
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

    [UnmanagedCallersOnly]
    private static unsafe nint OnControl(nint bio, int command, nint number, nint pointer) => command switch
    {
        OpenSsl.FlushCommand => 1,
        OpenSsl.EndCommand => Of(bio)._hasEnded ? 1 : 0,
        _ => 0,
    };

    private static unsafe nint NewMethod() => OpenSsl.IsAvailable ? OpenSsl.NewMethod(&OnRead, &OnWrite, &OnControl) : 0;

    private static unsafe TlsSession Of(nint bio) => (TlsSession)GCHandle.FromIntPtr(OpenSsl.GetBioData(bio)).Target!;

    private static unsafe bool IsEmpty(SafeHandle handle)
    {
        var ssl = handle.DangerousGetHandle();
        return OpenSsl.ControlBio(OpenSsl.GetReadBio(ssl), OpenSsl.PendingCommand, 0, 0) == 0
            && OpenSsl.ControlBio(OpenSsl.GetWriteBio(ssl), OpenSsl.PendingCommand, 0, 0) == 0;
    }

    private static SafeHandle? HandleOf(SslStream stream) => Method != 0 && HandleField?.GetValue(stream) is SafeHandle { IsInvalid: false } handle ? handle : null;

    // It is an SSL*, in every version of .NET up to this one. Where it is not, the stream goes on as it is.
    [DynamicDependency("_securityContext", typeof(SslStream))]
    private static FieldInfo? FindHandleField() =>
        typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic) is { } field
            && field.FieldType.FullName == "System.Net.Security.SafeDeleteSslContext"
            ? field
            : null;
}
