using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text;
using Gateway.Platform.Sockets;

namespace Gateway.Platform.Tls;

/// <summary>A handshake under way: what decides it, and what is sent of it, a flight at a time.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class TlsHandshake(TlsChoice choice)
{
    // IANA's numbers.
    private const uint ServerNameExtension = 0;
    private const uint ProtocolsExtension = 16;

    private readonly ArrayBufferWriter<byte> _flight = new();
    private int _sent;
    private TlsAnswer _answer;

    public string? ServerName { get; private set; }

    /// <summary>Empty when the client has offered none.</summary>
    public ReadOnlyMemory<byte> Protocol { get; private set; }

    /// <summary>Chooses the certificate.</summary>
    /// <param name="ssl">Has read the ClientHello.</param>
    /// <returns>0, or the alert to refuse it with.</returns>
    public byte Answer(nint ssl)
    {
        ServerName = NameIn(Extension(ssl, ServerNameExtension));
        var protocols = Extension(ssl, ProtocolsExtension);
        _answer = choice(ServerName, new ProtocolList(protocols.Length > 2 ? protocols[2..] : []));
        if (_answer.Certificate is not { } certificate)
        {
            return _answer.Alert;
        }

        var hasTaken = OpenSsl.SetContext(ssl, certificate.Context) != 0;
        GC.KeepAlive(certificate);
        return hasTaken ? (byte)0 : TlsAnswer.InternalError;
    }

    /// <summary>Chooses what is spoken.</summary>
    /// <returns>Where its name begins among those that the client offers; null when there is none.</returns>
    public Range? Choose(ReadOnlySpan<byte> offered)
    {
        if (new ProtocolList(_answer.Protocols).FirstIn(new ProtocolList(offered)) is not { } own)
        {
            return null;
        }

        Protocol = _answer.Protocols.AsMemory(own);
        return new ProtocolList(offered).FirstIn(new ProtocolList(_answer.Protocols.AsSpan((own.Start.Value - 1)..own.End.Value)));
    }

    /// <summary>Keeps what TLS sends until all that it has to say now is there.</summary>
    public void Add(ReadOnlySpan<byte> bytes) => _flight.Write(bytes);

    /// <summary>Sends it.</summary>
    /// <returns>False when there is no room for all of it.</returns>
    public bool TrySend(LinuxPolledSocket socket)
    {
        var flight = _flight.WrittenSpan[_sent..];
        _sent += socket.TrySend(flight);
        if (_sent < _flight.WrittenCount)
        {
            return false;
        }

        _flight.ResetWrittenCount();
        _sent = 0;
        return true;
    }

    // A list with one name, of type 0. OpenSSL refuses what is malformed.
    private static string? NameIn(ReadOnlySpan<byte> extension)
    {
        const int start = 5;
        if (extension.Length <= start || extension[2] != 0)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(extension[3..]);
        return length > 0 && start + length <= extension.Length ? Encoding.ASCII.GetString(extension.Slice(start, length)) : null;
    }

    private static ReadOnlySpan<byte> Extension(nint ssl, uint type)
    {
        byte* start;
        nuint length;
        return OpenSsl.ExtensionOfClientHello(ssl, type, &start, &length) == 1 ? new ReadOnlySpan<byte>(start, (int)length) : [];
    }
}
