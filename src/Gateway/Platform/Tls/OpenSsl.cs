using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Tls;

/// <summary>The functions of OpenSSL, 1.1.1 or later, that the gateway calls itself; in the system's library, which .NET's TLS uses too.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class OpenSsl
{
    // ssl.h, tls1.h, bio.h and crypto.h
    public const int WantRead = 2;
    public const int WantWrite = 3;
    public const int ZeroReturn = 6;
    public const int ReadFlag = 1;
    public const int WriteFlag = 2;
    public const int RetryFlag = 8;
    public const int ModeCommand = 33;
    public const int SessionCacheCommand = 44;
    public const int AddToChainCommand = 89;
    public const int LowestVersionCommand = 123;
    public const int HighestVersionCommand = 124;
    public const nint AcceptMovingWriteBuffer = 2;
    public const nint ReleaseBuffers = 0x10;
    public const ulong IgnoreUnexpectedEnd = 1ul << 7;
    public const ulong NoCompression = 1ul << 17;
    public const ulong PreferChaChaWithWhoeverDoes = 1ul << 21;
    public const ulong PreferOwnSuites = 1ul << 22;
    public const ulong NoRenegotiation = 1ul << 30;
    public const int HelloAccepted = 1;
    public const int HelloRefused = 0;
    public const int ProtocolChosen = 0;
    public const int ProtocolRefused = 2;
    public const int ContextClass = 1;
    private const nuint ReasonMask = 0xfff;
    private const nuint HttpRequestReason = 156;
    private const int SourceType = 0x400;

    // In .NET's order.
    private static readonly string[] Versions = ["3", "1.1"];

    /// <summary>False where there is no such OpenSSL.</summary>
    public static readonly bool IsAvailable = TryLoad();

    public static delegate* unmanaged<nint> ServerMethod;
    public static delegate* unmanaged<nint, nint> NewContext;
    public static delegate* unmanaged<nint, void> FreeContext;
    public static delegate* unmanaged<nint, int, nint, nint, nint> ControlContext;
    public static delegate* unmanaged<nint, ulong, ulong> SetContextOptions;
    public static delegate* unmanaged<nint, nuint, int> SetNumberOfTickets;
    public static delegate* unmanaged<nint, byte*, int> SetSuites;
    public static delegate* unmanaged<nint, byte*, int> SetSuitesOfTls12;
    public static delegate* unmanaged<nint, nint, int> UseCertificate;
    public static delegate* unmanaged<nint, nint, int> UsePrivateKey;
    public static delegate* unmanaged<nint, byte*, uint, int> SetScopeOfSessions;
    public static delegate* unmanaged<nint, delegate* unmanaged<nint, int*, nint, int>, nint, void> OnClientHello;
    public static delegate* unmanaged<nint, delegate* unmanaged<nint, byte**, byte*, byte*, uint, nint, int>, nint, void> OnProtocols;
    public static delegate* unmanaged<nint, uint, byte**, nuint*, int> ExtensionOfClientHello;
    public static delegate* unmanaged<nint, nint> New;
    public static delegate* unmanaged<nint, void> Free;
    public static delegate* unmanaged<nint, nint, nint> SetContext;
    public static delegate* unmanaged<nint, int> Accept;
    public static delegate* unmanaged<nint, byte*, int, int> Read;
    public static delegate* unmanaged<nint, int> HasPending;
    public static delegate* unmanaged<nint, byte*, int, int> Write;
    public static delegate* unmanaged<nint, int, int> GetError;
    public static delegate* unmanaged<nint, int> Shutdown;
    public static delegate* unmanaged<nint, int, void> SetReadAhead;
    public static delegate* unmanaged<nint, int> GetVersion;
    public static delegate* unmanaged<nint, nint> GetCipher;
    public static delegate* unmanaged<nint, ushort> GetSuite;
    public static delegate* unmanaged[SuppressGCTransition]<nint, nint> GetReadBio;
    public static delegate* unmanaged<nint, nint, nint, void> SetBios;
    public static delegate* unmanaged<nint, nint> NewBio;
    public static delegate* unmanaged<nint, int, void> SetBioInitialized;
    public static delegate* unmanaged<nint, nint, void> SetBioData;
    public static delegate* unmanaged[SuppressGCTransition]<nint, nint> GetBioData;
    public static delegate* unmanaged[SuppressGCTransition]<nint, int, void> SetBioFlags;
    public static delegate* unmanaged[SuppressGCTransition]<nint, int, void> ClearBioFlags;
    public static delegate* unmanaged<nint, byte**, nint, nint> ReadCertificate;
    public static delegate* unmanaged<nint, void> FreeCertificate;
    public static delegate* unmanaged<nint, byte**, nint, nint> ReadPrivateKey;
    public static delegate* unmanaged<nint, void> FreePrivateKey;
    public static delegate* unmanaged<int, nint, nint, delegate* unmanaged<nint, nint, nint, int, nint, nint, void>, nint, nint, int> NewDataIndex;
    public static delegate* unmanaged[SuppressGCTransition]<nuint> PeekError;
    public static delegate* unmanaged<nuint, byte*, nuint, void> DescribeError;

    private static delegate* unmanaged[SuppressGCTransition]<void> s_clearErrors;
    private static delegate* unmanaged<int, byte*, nint> s_newMethod;
    private static delegate* unmanaged<int> s_newIndex;
    private static delegate* unmanaged<nint, nint, int> s_setRead;
    private static delegate* unmanaged<nint, nint, int> s_setWrite;
    private static delegate* unmanaged<nint> s_nullMethod;
    private static delegate* unmanaged<nint, nint> s_getControl;
    private static delegate* unmanaged<nint, nint, int> s_setControl;

    /// <summary>A kind of BIO that reads and writes by these.</summary>
    public static nint NewMethod(delegate* unmanaged<nint, byte*, int, int> read, delegate* unmanaged<nint, byte*, int, int> write)
    {
        fixed (byte* name = "gateway\0"u8)
        {
            var method = s_newMethod(s_newIndex() | SourceType, name);
            s_setRead(method, (nint)read);
            s_setWrite(method, (nint)write);
            // What else is asked of a BIO (a hundred times in a handshake: to flush, whether it is the kernel that encrypts) the BIO of /dev/null answers
            // as is right here: it has nothing to flush and can nothing special; and it has ended, which counts only where a read without need of another has failed.
            s_setControl(method, s_getControl(s_nullMethod()));
            return method;
        }
    }

    /// <summary>Forgets the calling thread's failures, which the next call would take for its own. Mostly there are none, and to see that costs less.</summary>
    public static void ClearErrors()
    {
        if (PeekError() != 0)
        {
            s_clearErrors();
        }
    }

    /// <summary>Whether the calling thread's last failure is a request in plain HTTP.</summary>
    public static bool IsPlainHttp => (PeekError() & ReasonMask) == HttpRequestReason;

    /// <summary>What the calling thread's last failure was, in OpenSSL's words.</summary>
    public static string LastFailure()
    {
        var text = stackalloc byte[256];
        DescribeError(PeekError(), text, 256);
        ClearErrors();
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    private static bool TryLoad()
    {
        foreach (var version in Versions)
        {
            if (NativeLibrary.TryLoad($"libssl.so.{version}", out var ssl) && NativeLibrary.TryLoad($"libcrypto.so.{version}", out var crypto))
            {
                return TryLoad(ssl, crypto);
            }
        }

        return false;
    }

    private static bool TryLoad(nint ssl, nint crypto)
    {
        try
        {
            ServerMethod = (delegate* unmanaged<nint>)NativeLibrary.GetExport(ssl, "TLS_server_method");
            NewContext = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_CTX_new");
            FreeContext = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(ssl, "SSL_CTX_free");
            ControlContext = (delegate* unmanaged<nint, int, nint, nint, nint>)NativeLibrary.GetExport(ssl, "SSL_CTX_ctrl");
            SetContextOptions = (delegate* unmanaged<nint, ulong, ulong>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_options");
            SetNumberOfTickets = (delegate* unmanaged<nint, nuint, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_num_tickets");
            SetSuites = (delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_ciphersuites");
            SetSuitesOfTls12 = (delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_cipher_list");
            UseCertificate = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_use_certificate");
            UsePrivateKey = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_use_PrivateKey");
            SetScopeOfSessions = (delegate* unmanaged<nint, byte*, uint, int>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_session_id_context");
            OnClientHello = (delegate* unmanaged<nint, delegate* unmanaged<nint, int*, nint, int>, nint, void>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_client_hello_cb");
            OnProtocols = (delegate* unmanaged<nint, delegate* unmanaged<nint, byte**, byte*, byte*, uint, nint, int>, nint, void>)NativeLibrary.GetExport(ssl, "SSL_CTX_set_alpn_select_cb");
            ExtensionOfClientHello = (delegate* unmanaged<nint, uint, byte**, nuint*, int>)NativeLibrary.GetExport(ssl, "SSL_client_hello_get0_ext");
            New = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_new");
            Free = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(ssl, "SSL_free");
            SetContext = (delegate* unmanaged<nint, nint, nint>)NativeLibrary.GetExport(ssl, "SSL_set_SSL_CTX");
            Accept = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(ssl, "SSL_accept");
            Read = (delegate* unmanaged<nint, byte*, int, int>)NativeLibrary.GetExport(ssl, "SSL_read");
            HasPending = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(ssl, "SSL_has_pending");
            Write = (delegate* unmanaged<nint, byte*, int, int>)NativeLibrary.GetExport(ssl, "SSL_write");
            GetError = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(ssl, "SSL_get_error");
            Shutdown = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(ssl, "SSL_shutdown");
            SetReadAhead = (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(ssl, "SSL_set_read_ahead");
            GetVersion = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(ssl, "SSL_version");
            GetCipher = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_get_current_cipher");
            GetSuite = (delegate* unmanaged<nint, ushort>)NativeLibrary.GetExport(ssl, "SSL_CIPHER_get_protocol_id");
            GetReadBio = (delegate* unmanaged[SuppressGCTransition]<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_get_rbio");
            SetBios = (delegate* unmanaged<nint, nint, nint, void>)NativeLibrary.GetExport(ssl, "SSL_set_bio");
            NewBio = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(crypto, "BIO_new");
            SetBioInitialized = (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_set_init");
            SetBioData = (delegate* unmanaged<nint, nint, void>)NativeLibrary.GetExport(crypto, "BIO_set_data");
            GetBioData = (delegate* unmanaged[SuppressGCTransition]<nint, nint>)NativeLibrary.GetExport(crypto, "BIO_get_data");
            SetBioFlags = (delegate* unmanaged[SuppressGCTransition]<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_set_flags");
            ClearBioFlags = (delegate* unmanaged[SuppressGCTransition]<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_clear_flags");
            ReadCertificate = (delegate* unmanaged<nint, byte**, nint, nint>)NativeLibrary.GetExport(crypto, "d2i_X509");
            FreeCertificate = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(crypto, "X509_free");
            ReadPrivateKey = (delegate* unmanaged<nint, byte**, nint, nint>)NativeLibrary.GetExport(crypto, "d2i_AutoPrivateKey");
            FreePrivateKey = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(crypto, "EVP_PKEY_free");
            NewDataIndex = (delegate* unmanaged<int, nint, nint, delegate* unmanaged<nint, nint, nint, int, nint, nint, void>, nint, nint, int>)NativeLibrary.GetExport(crypto, "CRYPTO_get_ex_new_index");
            s_clearErrors = (delegate* unmanaged[SuppressGCTransition]<void>)NativeLibrary.GetExport(crypto, "ERR_clear_error");
            PeekError = (delegate* unmanaged[SuppressGCTransition]<nuint>)NativeLibrary.GetExport(crypto, "ERR_peek_error");
            DescribeError = (delegate* unmanaged<nuint, byte*, nuint, void>)NativeLibrary.GetExport(crypto, "ERR_error_string_n");
            s_newMethod = (delegate* unmanaged<int, byte*, nint>)NativeLibrary.GetExport(crypto, "BIO_meth_new");
            s_newIndex = (delegate* unmanaged<int>)NativeLibrary.GetExport(crypto, "BIO_get_new_index");
            s_setRead = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_read");
            s_setWrite = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_write");
            s_nullMethod = (delegate* unmanaged<nint>)NativeLibrary.GetExport(crypto, "BIO_s_null");
            s_getControl = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(crypto, "BIO_meth_get_ctrl");
            s_setControl = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_ctrl");
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }
}
