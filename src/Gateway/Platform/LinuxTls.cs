using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform;

/// <summary>OpenSSL, which .NET's TLS uses on Linux.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class LinuxTls
{
    // In .NET's order.
    private static readonly string[] Libraries = ["libssl.so.3", "libssl.so.1.1"];

    // crypto.h and ssl.h, the same since 1.1.0
    private const int ContextClass = 1;
    private const int ModeCommand = 33;
    private const nint ReleaseBuffers = 0x10;

    private static delegate* unmanaged<nint, int, nint, nint, nint> s_controlContext;
    private static delegate* unmanaged<nint, byte*, int> s_setSuites;

    // Mozilla's order, and what browsers with AES in their processor put first. OpenSSL's own begins with AES-256, which costs a third more.
    private static ReadOnlySpan<byte> Suites => "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256\0"u8;

    /// <summary>
    /// Has every connection give its two buffers of 17 KB back between records, and TLS 1.3 prefer AES-128. .NET offers no way to ask for the
    /// one (SSL_MODE_RELEASE_BUFFERS), and ends session resumption with the other (CipherSuitesPolicy); but OpenSSL tells whoever registers
    /// data of his own of each SSL_CTX that is made, and connections take their mode and suites from there. What the system's openssl.cnf
    /// says of suites comes after it and counts. Contexts that exist stay as they are.
    /// </summary>
    /// <returns>False where there is no such OpenSSL: all works as before, and takes more.</returns>
    public static bool Tune()
    {
        foreach (var name in Libraries)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
            {
                continue;
            }

            if (NativeLibrary.TryGetExport(library, "SSL_CTX_ctrl", out var control)
                && NativeLibrary.TryGetExport(library, "SSL_CTX_set_ciphersuites", out var setSuites)
                && NativeLibrary.TryGetExport(library, "CRYPTO_get_ex_new_index", out var register))
            {
                s_controlContext = (delegate* unmanaged<nint, int, nint, nint, nint>)control;
                s_setSuites = (delegate* unmanaged<nint, byte*, int>)setSuites;
                var newIndex = (delegate* unmanaged<int, nint, nint, delegate* unmanaged<nint, nint, nint, int, nint, nint, void>, nint, nint, int>)register;
                return newIndex(ContextClass, 0, 0, &OnContext, 0, 0) >= 0;
            }
        }

        return false;
    }

    [UnmanagedCallersOnly]
    private static void OnContext(nint context, nint data, nint all, int index, nint number, nint pointer)
    {
        s_controlContext(context, ModeCommand, ReleaseBuffers, 0);
        fixed (byte* suites = Suites)
        {
            _ = s_setSuites(context, suites);
        }
    }
}
