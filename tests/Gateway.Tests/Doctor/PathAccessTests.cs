using System.Runtime.Versioning;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Doctor;

[UnsupportedOSPlatform("windows")]
public sealed class PathAccessTests : IDisposable
{
    private const long Somebody = 987_654;

    private readonly TestFolder _folder = new();

    public PathAccessTests() => File.SetUnixFileMode(_folder.Path, Mode("0755"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0644", true)]
    [InlineData("0640", false)]
    [InlineData("0600", false)]
    public void TheModeForOthersDecides(string mode, bool isAllowed)
    {
        var access = PathAccess.Of(Stranger(), Make("a.key", mode), Wanted.Read);

        Assert.Equal(isAllowed, access.IsAllowed);
        Assert.Equal(isAllowed ? null : _folder["a.key"], access.Obstacle?.Path);
    }

    [Fact]
    public void TheGroupDecidesForItsMembersWhateverOthersMay()
    {
        var path = Make("a.key", "0604");
        var group = PathAccess.Entry(path)!.Group;

        Assert.False(PathAccess.Of(Stranger(group), path, Wanted.Read).IsAllowed);
        File.SetUnixFileMode(path, Mode("0640"));
        Assert.True(PathAccess.Of(Stranger(group), path, Wanted.Read).IsAllowed);
    }

    [Fact]
    public void EveryFolderAboveHasToBeEntered()
    {
        Directory.CreateDirectory(_folder["one"]);
        var path = Make("one/a.key", "0644");
        File.SetUnixFileMode(_folder["one"], Mode("0744"));

        var access = PathAccess.Of(Stranger(), path, Wanted.Read);

        Assert.False(access.IsAllowed);
        Assert.Equal(_folder["one"], access.Obstacle!.Path);
        Assert.Equal(1, access.Missing);
    }

    [Fact]
    public void ALinkIsFollowedThroughTheFoldersOfBoth()
    {
        Directory.CreateDirectory(_folder["live"]);
        Directory.CreateDirectory(_folder["archive"]);
        Make("archive/privkey1.pem", "0644");
        File.CreateSymbolicLink(_folder["live/privkey.pem"], "../archive/privkey1.pem");
        File.SetUnixFileMode(_folder["archive"], Mode("0700"));

        Assert.Equal(_folder["archive"], PathAccess.Of(Stranger(), _folder["live/privkey.pem"], Wanted.Read).Obstacle!.Path);
    }

    [Fact]
    public void NoModeKeepsRootOut() => Assert.True(PathAccess.Of(new UnixUser("root", 0, [0]), Make("a.key", "0000"), Wanted.Read).IsAllowed);

    [Fact]
    public void ToMakeFilesInAFolderTakesWritingAndEntering()
    {
        Directory.CreateDirectory(_folder["state"]);
        File.SetUnixFileMode(_folder["state"], Mode("0756"));
        Assert.False(PathAccess.Of(Stranger(), _folder["state"], Wanted.Write).IsAllowed);
        File.SetUnixFileMode(_folder["state"], Mode("0757"));
        Assert.True(PathAccess.Of(Stranger(), _folder["state"], Wanted.Write).IsAllowed);
    }

    [Fact]
    public void ThisProcessRunsAsAUserOfTheSystem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /proc here.");
        var own = UnixUser.OfProcess(Environment.ProcessId)!;

        Assert.True(own.IsThisProcess);
        Assert.Equal(Environment.UserName, own.Name);
        Assert.Equal(own.Id, UnixUser.Named(own.Name)!.Id);
        Assert.Null(UnixUser.Named("nobody-of-that-name"));
    }

    private static UnixUser Stranger(params long[] groups) => new("somebody", Somebody, [Somebody, .. groups]);

    private static UnixFileMode Mode(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);

    private string Make(string name, string mode)
    {
        var path = _folder.Write(name, "");
        File.SetUnixFileMode(path, Mode(mode));
        return path;
    }
}
