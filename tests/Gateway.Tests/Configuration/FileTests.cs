using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class FileTests
{
    private static string Error(string path) =>
        Assert.Single(ConfigurationReader.Read(path, new Dictionary<string, string>()).Errors).ToString();

    [Fact]
    public void AMissingFileNamesTheUserAndTheFolder()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-configuration-").FullName;
        var path = Path.Combine(folder, "gateway.json");
        Assert.Equal($"{path}: cannot be read by user '{Environment.UserName}': there is no such file in {folder}; name the file with --config", Error(path));
        Directory.Delete(folder);
    }

    [Fact]
    public void AFolderIsNoFile()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-configuration-").FullName;
        Assert.Equal($"{folder}: cannot be read by user '{Environment.UserName}': it is a folder; name the file in it with --config", Error(folder));
        Directory.Delete(folder);
    }

    [Fact]
    public void AFileWithoutPermissionNamesTheUser()
    {
        // Permissions do not stop root, so the system's answer is given directly.
        var (rule, remedy) = ConfigurationFile.Explain("/nowhere/gateway.json", new UnauthorizedAccessException());
        Assert.Equal($"cannot be read by user '{Environment.UserName}': permission denied", rule);
        Assert.Equal("let that user read the file and enter the folders above it", remedy);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void APathThatIsNoneIsAnError(string path) =>
        Assert.Contains($"cannot be read by user '{Environment.UserName}'", Error(path), StringComparison.Ordinal);
}
