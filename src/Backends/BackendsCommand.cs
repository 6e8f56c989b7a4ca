using System.Net.Sockets;
using Backends.Video;
using Backends.Voice;
using Backends.Web;
using Microsoft.AspNetCore.Connections;

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

    private static readonly Service[] Services = [new("voice", 5001), new("video", 5003), new("web", 3000)];

    /// <summary>Runs until SIGTERM, Ctrl-C or cancellation. 0 is a clean end, 1 an explained failure, 2 wrong usage.</summary>
    public async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        if (args is ["--help" or "-h"])
        {
            await output.WriteLineAsync(Usage);
            return 0;
        }
        Service[] wanted = args.Length == 0 ? Services : [.. Services.Where(service => args is [var name] && name == service.Name)];
        if (wanted.Length == 0)
        {
            await errors.WriteLineAsync($"backends: unknown argument '{string.Join(' ', args)}'\n\n{Usage}");
            return 2;
        }

        var built = new List<WebApplication>();
        try
        {
            var engines = VoiceEngines.FromEnvironment(environment);
            var ports = wanted.Select(Port).ToArray();
            foreach (var (service, port) in wanted.Zip(ports))
            {
                var (app, description) = Build(service, port, engines);
                built.Add(app);
                await StartAsync(service, port, app, cancellationToken);
                await output.WriteLineAsync($"{service.Name,-6} {app.Urls.First(),-22}  {description}");
            }
            await output.FlushAsync(cancellationToken);
            await Task.WhenAll(built.Select(app => app.WaitForShutdownAsync(cancellationToken)));
            return 0;
        }
        catch (SettingException problem)
        {
            await errors.WriteLineAsync($"backends: {problem.Message}");
            return 1;
        }
        finally
        {
            foreach (var app in built)
            {
                await app.DisposeAsync();
            }
        }
    }

    private static (WebApplication App, string Description) Build(Service service, int port, VoiceEngines engines) => service.Name switch
    {
        "voice" => (VoiceService.Build(port, engines), $"stt: {engines.SpeechToText.Name}  tts: {engines.TextToSpeechName}"),
        "video" => (VideoService.Build(port, new AnswerVoice(engines.TextToSpeech), TimeProvider.System),
            $"answers: {(engines.TextToSpeech is null ? "a chime (espeak-ng is not installed)" : EspeakTextToSpeech.Name)}"),
        _ => (WebService.Build(port), "the page; open it through the gateway, which adds api/ and ws/"),
    };

    private int Port(Service service)
    {
        var value = environment(service.PortVariable);
        if (string.IsNullOrEmpty(value))
        {
            return service.UsualPort;
        }
        return ushort.TryParse(value, out var port)
            ? port
            : throw new SettingException($"{service.PortVariable}='{value}' is not a port; set it to a number from 0 (a free port) to 65535");
    }

    private static async Task StartAsync(Service service, int port, WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            var reason = failure.InnerException is AddressInUseException
                ? "the port is in use; stop the program that holds it or"
                : $"{failure.GetBaseException().Message};";
            throw new SettingException($"the {service.Name} service cannot listen on 127.0.0.1:{port}: {reason} "
                + $"choose another port with {service.PortVariable} (0 takes a free one)");
        }
    }

    private sealed record Service(string Name, int UsualPort)
    {
        public string PortVariable => $"{Name.ToUpperInvariant()}_PORT";
    }
}
