using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Authentication;

namespace Gateway.Platform.Tls;

/// <summary>
/// What the sessions of an endpoint have in common (SSL_CTX), the keys of their tickets above all: who comes back in time goes on where he
/// was, without a new handshake (RFC 8446 section 2.2). It is taken by the garbage collector; sessions that are open keep what they need.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class TlsServer
{
    private const int Tls10 = 0x301;
    private const int Tls11 = 0x302;
    private const int Tls12 = 0x303;
    private const int Tls13 = 0x304;

    /// <param name="versions">Those that are spoken; none stands for 1.2 and 1.3.</param>
    public TlsServer(SslProtocols versions)
    {
        Context = NewContext();
        var (lowest, highest) = Range(versions);
        OpenSsl.ControlContext(Context, OpenSsl.LowestVersionCommand, lowest, 0);
        OpenSsl.ControlContext(Context, OpenSsl.HighestVersionCommand, highest, 0);
        OpenSsl.OnClientHello(Context, &TlsSession.OnClientHello, 0);
    }

    ~TlsServer() => OpenSsl.FreeContext(Context);

    /// <summary>Whether there is an OpenSSL that this can be done with.</summary>
    public static bool IsPossible => OpenSsl.IsAvailable;

    /// <summary>The SSL_CTX.</summary>
    internal nint Context { get; }

    /// <summary>An SSL_CTX with what all have in common.</summary>
    internal static nint NewContext()
    {
        OpenSslDefaults.Apply();
        var context = OpenSsl.NewContext(OpenSsl.ServerMethod());
        if (context == 0)
        {
            throw new AuthenticationException($"OpenSSL cannot begin: {OpenSsl.LastFailure()}");
        }

        OpenSsl.ControlContext(context, OpenSsl.ModeCommand, OpenSsl.ReleaseBuffers | OpenSsl.AcceptMovingWriteBuffer, 0);
        // With tickets the client keeps the session, and nothing is kept here.
        OpenSsl.ControlContext(context, OpenSsl.SessionCacheCommand, 0, 0);
        // A client that comes back needs one for each connection that it had (RFC 8446 appendix C.4). OpenSSL would make two, and a handshake
        // would cost 3 % more.
        _ = OpenSsl.SetNumberOfTickets(context, 1);
        OpenSsl.SetContextOptions(
            context,
            OpenSsl.NoCompression | OpenSsl.NoRenegotiation | OpenSsl.IgnoreUnexpectedEnd | OpenSsl.PreferOwnSuites | OpenSsl.PreferChaChaWithWhoeverDoes);
        OpenSsl.OnProtocols(context, &TlsSession.OnProtocols, 0);
        return context;
    }

    private static (nint Lowest, nint Highest) Range(SslProtocols versions)
    {
#pragma warning disable CA5397, SYSLIB0039 // For an operator who has set them.
        (SslProtocols Protocol, nint Version)[] all = [(SslProtocols.Tls, Tls10), (SslProtocols.Tls11, Tls11), (SslProtocols.Tls12, Tls12), (SslProtocols.Tls13, Tls13)];
#pragma warning restore CA5397, SYSLIB0039
        nint[] spoken = [.. all.Where(one => versions.HasFlag(one.Protocol)).Select(one => one.Version)];
        return spoken is [var lowest, ..] ? (lowest, spoken[^1]) : (Tls12, Tls13);
    }
}
