using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary>The clients that people have, unchanged but for the address and the CA file.</summary>
[Collection(DevPorts.Collection)]
public sealed class PythonTests(DevGateway dev) : IClassFixture<DevGateway>
{
    [Fact]
    public async Task RequestsUploadsARecordingAndGetsText()
    {
        await Python.RequireAsync("requests");

        var result = await PythonAsync("speech_to_text.py", "https://localhost:5443");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("1.0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsGetsSpokenAudio()
    {
        await Python.RequireAsync("requests");
        Require.Tool("espeak-ng");

        var result = await PythonAsync("text_to_speech.py", "https://localhost:5443");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [InlineData("websockets", "call_websockets.py")]
    [InlineData("websocket", "call_websocket_client.py")]
    public async Task ACallIsAnswered(string module, string script)
    {
        await Python.RequireAsync(module);

        var result = await PythonAsync(script, "wss://localhost:5444/ws/video");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("ready", result.Output, StringComparison.Ordinal);
        Assert.Contains("text.delta", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("response.done", result.Output, StringComparison.Ordinal);
    }

    private Task<ProgramResult> PythonAsync(string script, string address) =>
        Python.RunAsync(script, dev.Folder, address, dev.Gateway.CaPath);
}
