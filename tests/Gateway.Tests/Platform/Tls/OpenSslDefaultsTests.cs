using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Gateway.Platform.Tls;

namespace Gateway.Tests.Platform.Tls;

[SupportedOSPlatform("linux")]
public sealed class OpenSslDefaultsTests
{
    private const int Mode = 33;
    private const int ReleaseBuffers = 0x10;

    [Fact]
    public void ContextsThatAreMadeFromNowOnReleaseTheBuffersOfTheirConnectionsAndPreferAes128()
    {
        Assert.SkipUnless(NativeLibrary.TryLoad("libssl.so.3", out _), "needs OpenSSL 3");
        Assert.True(OpenSslDefaults.Apply());

        var context = NewContext(Method());
        Assert.Equal(ReleaseBuffers, Control(context, Mode, 0, 0) & ReleaseBuffers);
        Assert.Equal("TLS_AES_128_GCM_SHA256", Marshal.PtrToStringAnsi(Name(First(Ciphers(context), 0))));
        Free(context);
    }

    [DllImport("libssl.so.3", EntryPoint = "TLS_method")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Method();

    [DllImport("libssl.so.3", EntryPoint = "SSL_CTX_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NewContext(nint method);

    [DllImport("libssl.so.3", EntryPoint = "SSL_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Free(nint context);

    [DllImport("libssl.so.3", EntryPoint = "SSL_CTX_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Control(nint context, int command, nint number, nint pointer);

    [DllImport("libssl.so.3", EntryPoint = "SSL_CTX_get_ciphers")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Ciphers(nint context);

    [DllImport("libssl.so.3", EntryPoint = "SSL_CIPHER_get_name")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Name(nint cipher);

    [DllImport("libcrypto.so.3", EntryPoint = "OPENSSL_sk_value")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint First(nint stack, int index);
}
