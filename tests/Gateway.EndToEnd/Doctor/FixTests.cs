using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Doctor;

/// <summary>What the doctor does by itself: nothing, unless it is told to.</summary>
public sealed class FixTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WithoutFixNothingChangesAndWithItWhatIsSafe()
    {
        var json = new GatewayJson().Https().To("http://127.0.0.1:3000")
            .Set("Gateway:Certificates", new JsonArray(new JsonObject { ["Path"] = _folder["certs/server.crt"], ["KeyPath"] = _folder["certs/server.key"] }));
        _folder.Write("gateway.json", json.ToString());
        var doctor = new DoctorCommand(_folder);
        // Everybody may look into the state directory, and the certificate is not there.
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(_folder.State, (UnixFileMode)0b111_101_101);
        var before = Everything();

        var answer = await doctor.AskAsync();
        Assert.Equal(("error", "error"), (answer.StateOf("certificates"), answer.StateOf("state")));
        Assert.Equal(before, Everything());

        var mended = await doctor.AskAsync("--fix");
        Assert.Equal(("ok", "ok"), (mended.StateOf("certificates"), mended.StateOf("state")));
        Assert.Equal(
            [$"made {_folder["certs/server.crt"]} and {_folder["certs/server.key"]} for localhost", $"chmod o= {_folder.State}"],
            mended.Report["fixed"]!.AsArray().Select(f => f!.GetValue<string>()));
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(_folder.State));
        await using var gateway = await GatewayProcess.RunAsync(_folder, json);
    }

    // Names, modes, sizes and times of all that is there.
    private string[] Everything() =>
        [.. new DirectoryInfo(_folder.Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(f => $"{f.FullName} {f.UnixFileMode} {(f as FileInfo)?.Length} {f.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];
}
