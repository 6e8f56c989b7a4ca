using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Tls;

/// <summary>What every connection begins with, whoever makes it: the gateway or .NET's <see cref="System.Net.Security.SslStream"/>.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class OpenSslDefaults
{
    /// <summary>False where there is no such OpenSSL: all works as before, and takes more.</summary>
    private static readonly bool IsApplied = OpenSsl.IsAvailable && OpenSsl.NewDataIndex(OpenSsl.ContextClass, 0, 0, &OnContext, 0, 0) >= 0;

    // Mozilla's order, and what browsers with AES in their processor put first. OpenSSL's own begins with AES-256, which costs a third more.
    private static ReadOnlySpan<byte> Suites => "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256\0"u8;

    // Mozilla's intermediate list (RFC 9325 section 4.2): forward secrecy and authenticated encryption.
    private static ReadOnlySpan<byte> SuitesOfTls12 =>
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305\0"u8;

    /// <summary>
    /// Has every connection give its two buffers of 17 KB back between records, and TLS prefer AES-128. .NET offers no way to ask for the one
    /// (SSL_MODE_RELEASE_BUFFERS), and ends session resumption with the other (CipherSuitesPolicy); but OpenSSL tells whoever registers data
    /// of his own of each SSL_CTX that is made, and connections take their mode and suites from there. What the system's openssl.cnf says of
    /// suites comes after it and counts. Contexts that exist stay as they are.
    /// </summary>
    public static bool Apply() => IsApplied;

    [UnmanagedCallersOnly]
    private static void OnContext(nint context, nint data, nint all, int index, nint number, nint pointer)
    {
        OpenSsl.ControlContext(context, OpenSsl.ModeCommand, OpenSsl.ReleaseBuffers, 0);
        fixed (byte* suites = Suites, suitesOfTls12 = SuitesOfTls12)
        {
            _ = OpenSsl.SetSuites(context, suites);
            _ = OpenSsl.SetSuitesOfTls12(context, suitesOfTls12);
        }
    }
}
