using System.Globalization;

namespace Gateway.EndToEnd.Harness;

/// <summary>The built sample services, running on free ports.</summary>
internal sealed class BackendsProcess : IAsyncDisposable
{
    private BackendsProcess(RunningProgram program, int voice, int video, int web) =>
        (Program, Voice, Video, Web) = (program, $"http://127.0.0.1:{voice}", $"http://127.0.0.1:{video}", $"http://127.0.0.1:{web}");

    public RunningProgram Program { get; }

    public string Voice { get; }

    public string Video { get; }

    public string Web { get; }

    public static async Task<BackendsProcess> StartAsync(TestFolder folder)
    {
        var (voice, video, web) = (Ports.Free(), Ports.Free(), Ports.Free());
        var program = RunningProgram.Start(Repository.Backends, [], folder, new Dictionary<string, string?>
        {
            ["VOICE_PORT"] = voice.ToString(CultureInfo.InvariantCulture),
            ["VIDEO_PORT"] = video.ToString(CultureInfo.InvariantCulture),
            ["WEB_PORT"] = web.ToString(CultureInfo.InvariantCulture),
        });
        // The last of the three.
        await program.WaitForLineAsync($"127.0.0.1:{web}");
        return new BackendsProcess(program, voice, video, web);
    }

    /// <summary>The three routes of the sample gateway.json, to these services.</summary>
    public GatewayJson Behind(GatewayJson json) => json
        .Route("voice", "/api/{**rest}", Voice)
        .Route("video", "/ws/{**rest}", Video)
        .Route("web", "/{**rest}", Web);

    public ValueTask DisposeAsync() => Program.DisposeAsync();
}
