using System.Runtime.Versioning;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Tests.Certificates;

[UnsupportedOSPlatform("windows")]
public sealed class KeyAccessTests : IDisposable
{
    private const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<ConfigurationError> Errors(UnixFileMode folder, UnixFileMode key)
    {
        var leaf = TestIssuer.Shared.Issue(["a.test"]);
        var keyPath = _folder.Write("a.key", TestIssuer.Key(leaf));
        var options = new CertificateFileOptions(_folder.Write("a.pem", TestIssuer.Shared.Chain(leaf)), keyPath, null, "gateway.json(1,1)", "Gateway:Certificates:0");
        File.SetUnixFileMode(keyPath, key);
        File.SetUnixFileMode(_folder.Path, folder);
        return CertificateFilesValidator.Validate([options]);
    }

    [Theory]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupRead)]
    public void AKeyThatEverybodyCanReadIsRefusedWithPathModeAndRemedy(UnixFileMode others)
    {
        var error = Assert.Single(Errors(Open, UnixFileMode.UserRead | others));

        Assert.Equal(_folder["a.key"], error.Value);
        Assert.Contains("everybody on this machine can read its private key (mode 04", error.Rule, StringComparison.Ordinal);
        Assert.Equal($"run: chmod o= {_folder["a.key"]}", error.Remedy);
    }

    [Theory]
    [InlineData(Open, UnixFileMode.UserRead)]
    [InlineData(Open, UnixFileMode.UserRead | UnixFileMode.GroupRead)] // certbot's ssl-cert
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite, UnixFileMode.UserRead | UnixFileMode.OtherRead)] // nobody gets that far
    public void OtherKeysAreNot(UnixFileMode folder, UnixFileMode key) => Assert.Empty(Errors(folder, key));

    [Fact]
    public void AFolderCountsAsOpenWhenOthersCanListOrEnterIt()
    {
        File.SetUnixFileMode(_folder.Path, Open);
        Assert.Equal("0701", UnixAccess.ModeOpenToOthers(_folder.Path));
        File.SetUnixFileMode(_folder.Path, Open & ~UnixFileMode.OtherExecute);
        Assert.Null(UnixAccess.ModeOpenToOthers(_folder.Path));
    }
}
