using System.Net.Sockets;
using Backends.Video;
using Backends.Voice;
using Backends.Web;

namespace Backends;

/// <summary>The command line: which of the three services to run, and on which ports.</summary>
internal sealed class BackendsCommand(Func<string, string?> environment, TextWriter output, TextWriter errors)
{
    private const string Usage = """
        usage: backends [voice | video | web]

          voice   speech to text and text to speech   HTTP       127.0.0.1:5001   VOICE_PORT
          video   the real-time call                  WebSocket  127.0.0.1:5003   VIDEO_PORT
          web     the page                            HTTP       127.0.0.1:3000   WEB_PORT

        Without a name all three run. The environment variable at the end of a line changes the port; 0 takes a free one.

        speech to text   STT_BASE_URL  an OpenAI-compatible endpoint such as http://127.0.0.1:8000/v1,
                                       with STT_API_KEY and STT_MODEL (whisper-1) when it needs them
                         STT_COMMAND   a command that gets the path of a 16 kHz mono 16-bit WAV file as its last
                                       argument and prints the text
                         neither       a built-in engine that tells length, level and where speech is
        text to speech   espeak-ng, when it is installed
        other than WAV   ffmpeg, when it is installed
        """;

    private static readonly string[] AllServices = ["voice", "video", "web"];

    /// <summary>Runs until SIGTERM, Ctrl-C or cancellation. 0 is a clean end, 1 an explained failure, 2 wrong usage.</summary>
    public async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        if (args is ["--help" or "-h"])
        {
            await output.WriteLineAsync(Usage);
            return 0;
        }
        var names = args.Length == 0 ? AllServices : args;
        if (names.Length != 1 && names != AllServices || names.Except(AllServices).Any())
        {
            await errors.WriteLineAsync($"backends: unknown argument '{string.Join(' ', args)}'\n\n{Usage}");
            return 2;
        }

        var running = new List<WebApplication>();
        try
        {
            var engines = VoiceEngines.FromEnvironment(environment);
            foreach (var name in names)
            {
                var (app, description) = Build(name, engines);
                running.Add(app);
                await StartAsync(name, app, cancellationToken);
                await output.WriteLineAsync($"{name,-6} {app.Urls.First(),-22}  {description}");
            }
            await output.FlushAsync(cancellationToken);
            await Task.WhenAll(running.Select(app => app.WaitForShutdownAsync(cancellationToken)));
            return 0;
        }
        catch (SettingException problem)
        {
            await errors.WriteLineAsync($"backends: {problem.Message}");
            return 1;
        }
        finally
        {
            foreach (var app in running)
            {
                await app.DisposeAsync();
            }
        }
    }

    private (WebApplication App, string Description) Build(string name, VoiceEngines engines) => name switch
    {
        "voice" => (VoiceService.Build(Port("VOICE_PORT", 5001), engines), $"stt: {engines.SpeechToText.Name}  tts: {engines.TextToSpeechName}"),
        "video" => (VideoService.Build(Port("VIDEO_PORT", 5003), new AnswerVoice(engines.TextToSpeech), TimeProvider.System),
            $"answers: {(engines.TextToSpeech is null ? "a chime (espeak-ng is not installed)" : "espeak-ng")}"),
        _ => (WebService.Build(Port("WEB_PORT", 3000)), "the page; open it through the gateway, which adds api/ and ws/"),
    };

    private int Port(string variable, int usual)
    {
        var value = environment(variable);
        if (string.IsNullOrEmpty(value))
        {
            return usual;
        }
        return ushort.TryParse(value, out var port)
            ? port
            : throw new SettingException($"{variable}='{value}' is not a port; set it to a number from 0 (a free port) to 65535");
    }

    private async Task StartAsync(string name, WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            var variable = $"{name.ToUpperInvariant()}_PORT";
            var port = Port(variable, name switch { "voice" => 5001, "video" => 5003, _ => 3000 });
            var reason = Reason(failure);
            throw new SettingException($"the {name} service cannot listen on 127.0.0.1:{port}: {reason}; "
                + $"stop the program that holds it or choose another port with {variable} (0 takes a free one)");
        }
    }

    private static string Reason(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                return "the port is in use";
            }
        }
        return failure.GetBaseException().Message;
    }
}
