using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Sockets;

/// <summary>The functions of OpenSSL, 1.1.1 or later, that .NET offers no way to; its own copy of the library, which it has loaded.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class OpenSsl
{
    // ssl.h and bio.h
    public const int WantRead = 2;
    public const int WantWrite = 3;
    public const int ZeroReturn = 6;
    public const int PendingCommand = 10;
    public const int FlushCommand = 11;
    public const int EndCommand = 2;
    public const int ReadFlag = 1;
    public const int WriteFlag = 2;
    public const int RetryFlag = 8;
    public const int ModeCommand = 33;
    public const nint AcceptMovingWriteBuffer = 2;
    public const ulong NoRenegotiation = 1ul << 30;
    public const ulong IgnoreUnexpectedEnd = 1ul << 7;
    private const int SourceType = 0x400;

    // In .NET's order.
    private static readonly string[] Versions = ["3", "1.1"];

    /// <summary>False where there is no such OpenSSL.</summary>
    public static readonly bool IsAvailable = TryLoad();

    public static delegate* unmanaged<nint, byte*, int, int> Read;
    public static delegate* unmanaged<nint, byte*, int, int> Write;
    public static delegate* unmanaged<nint, int, int> GetError;
    public static delegate* unmanaged<nint, int> Shutdown;
    public static delegate* unmanaged<nint, int, void> SetQuietShutdown;
    public static delegate* unmanaged<nint, int, void> SetReadAhead;
    public static delegate* unmanaged<nint, int, nint, nint, nint> Control;
    public static delegate* unmanaged<nint, ulong, ulong> SetOptions;
    public static delegate* unmanaged<nint, nint> GetReadBio;
    public static delegate* unmanaged<nint, nint> GetWriteBio;
    public static delegate* unmanaged<nint, nint, nint, void> SetBios;
    public static delegate* unmanaged<nint, nint> NewBio;
    public static delegate* unmanaged<nint, int, nint, nint, nint> ControlBio;
    public static delegate* unmanaged<nint, int, void> SetBioInitialized;
    public static delegate* unmanaged<nint, nint, void> SetBioData;
    public static delegate* unmanaged[SuppressGCTransition]<nint, nint> GetBioData;
    public static delegate* unmanaged[SuppressGCTransition]<nint, int, void> SetBioFlags;
    public static delegate* unmanaged[SuppressGCTransition]<nint, int, void> ClearBioFlags;
    public static delegate* unmanaged[SuppressGCTransition]<void> ClearErrors;
    public static delegate* unmanaged<nuint> PeekError;
    public static delegate* unmanaged<nuint, byte*, nuint, void> DescribeError;

    private static delegate* unmanaged<int, byte*, nint> s_newMethod;
    private static delegate* unmanaged<int> s_newIndex;
    private static delegate* unmanaged<nint, nint, int> s_setRead;
    private static delegate* unmanaged<nint, nint, int> s_setWrite;
    private static delegate* unmanaged<nint, nint, int> s_setControl;

    /// <summary>A kind of BIO that reads and writes by these.</summary>
    public static nint NewMethod(
        delegate* unmanaged<nint, byte*, int, int> read, delegate* unmanaged<nint, byte*, int, int> write, delegate* unmanaged<nint, int, nint, nint, nint> control)
    {
        fixed (byte* name = "gateway\0"u8)
        {
            var method = s_newMethod(s_newIndex() | SourceType, name);
            s_setRead(method, (nint)read);
            s_setWrite(method, (nint)write);
            s_setControl(method, (nint)control);
            return method;
        }
    }

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
            Read = (delegate* unmanaged<nint, byte*, int, int>)NativeLibrary.GetExport(ssl, "SSL_read");
            Write = (delegate* unmanaged<nint, byte*, int, int>)NativeLibrary.GetExport(ssl, "SSL_write");
            GetError = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(ssl, "SSL_get_error");
            Shutdown = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(ssl, "SSL_shutdown");
            SetQuietShutdown = (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(ssl, "SSL_set_quiet_shutdown");
            SetReadAhead = (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(ssl, "SSL_set_read_ahead");
            Control = (delegate* unmanaged<nint, int, nint, nint, nint>)NativeLibrary.GetExport(ssl, "SSL_ctrl");
            SetOptions = (delegate* unmanaged<nint, ulong, ulong>)NativeLibrary.GetExport(ssl, "SSL_set_options");
            GetReadBio = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_get_rbio");
            GetWriteBio = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(ssl, "SSL_get_wbio");
            SetBios = (delegate* unmanaged<nint, nint, nint, void>)NativeLibrary.GetExport(ssl, "SSL_set_bio");
            NewBio = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(crypto, "BIO_new");
            ControlBio = (delegate* unmanaged<nint, int, nint, nint, nint>)NativeLibrary.GetExport(crypto, "BIO_ctrl");
            SetBioInitialized = (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_set_init");
            SetBioData = (delegate* unmanaged<nint, nint, void>)NativeLibrary.GetExport(crypto, "BIO_set_data");
            GetBioData = (delegate* unmanaged[SuppressGCTransition]<nint, nint>)NativeLibrary.GetExport(crypto, "BIO_get_data");
            SetBioFlags = (delegate* unmanaged[SuppressGCTransition]<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_set_flags");
            ClearBioFlags = (delegate* unmanaged[SuppressGCTransition]<nint, int, void>)NativeLibrary.GetExport(crypto, "BIO_clear_flags");
            ClearErrors = (delegate* unmanaged[SuppressGCTransition]<void>)NativeLibrary.GetExport(crypto, "ERR_clear_error");
            PeekError = (delegate* unmanaged<nuint>)NativeLibrary.GetExport(crypto, "ERR_peek_error");
            DescribeError = (delegate* unmanaged<nuint, byte*, nuint, void>)NativeLibrary.GetExport(crypto, "ERR_error_string_n");
            s_newMethod = (delegate* unmanaged<int, byte*, nint>)NativeLibrary.GetExport(crypto, "BIO_meth_new");
            s_newIndex = (delegate* unmanaged<int>)NativeLibrary.GetExport(crypto, "BIO_get_new_index");
            s_setRead = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_read");
            s_setWrite = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_write");
            s_setControl = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(crypto, "BIO_meth_set_ctrl");
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }
}
