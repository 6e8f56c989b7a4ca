using System.Globalization;
using System.Text.RegularExpressions;

namespace Backends.Voice;

/// <summary>What to say; voice, rate ("+10%") and pitch ("-5Hz") as edge-tts writes them, null for the usual.</summary>
internal sealed record Utterance(string Text, string? Voice, string? Rate, string? Pitch);

/// <summary>A voice that can be asked for.</summary>
internal sealed record SpeechVoice(string Id, string Name, string Language);

/// <summary>Text to speech by the installed espeak-ng.</summary>
internal sealed partial class EspeakTextToSpeech(string path)
{
    public const string Name = "espeak-ng";

    private const int UsualWordsPerMinute = 175;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private IReadOnlyList<SpeechVoice>? _voices;

    /// <summary>Speaks into a WAV file and returns its bytes.</summary>
    /// <exception cref="EngineException">espeak-ng cannot be started or failed.</exception>
    /// <exception cref="FormatException">The rate or the pitch is not written as edge-tts writes it.</exception>
    public async Task<byte[]> SpeakAsync(Utterance utterance, CancellationToken cancellationToken)
    {
        var speed = Math.Clamp((int)(UsualWordsPerMinute * (1 + Number(utterance.Rate, RatePattern(), "rate", "+10%") / 100.0)), 80, 450);
        var pitch = Math.Clamp(50 + Number(utterance.Pitch, PitchPattern(), "pitch", "-5Hz") / 2, 0, 99);
        var voice = Choose(await VoicesAsync(cancellationToken), utterance);
        using var folder = new TemporaryFolder();
        var file = folder.File("speech.wav");
        // The text goes in by standard input: nothing in it can be taken for an option.
        await RunAsync(
            ["-v", voice, "-s", Text(speed), "-p", Text(pitch), "-b", "1", "-w", file, "--stdin"], utterance.Text, cancellationToken);
        return File.Exists(file) ? await File.ReadAllBytesAsync(file, cancellationToken) : throw new EngineException($"{Name} wrote no sound");
    }

    /// <summary>The voices of the installation, one a language; asked for once.</summary>
    /// <exception cref="EngineException">espeak-ng cannot be started or failed.</exception>
    public async Task<IReadOnlyList<SpeechVoice>> VoicesAsync(CancellationToken cancellationToken) =>
        _voices ??= Parse(await RunAsync(["--voices"], input: null, cancellationToken));

    private async Task<string> RunAsync(string[] arguments, string? input, CancellationToken cancellationToken)
    {
        var result = await ChildProcess.RunAsync(path, arguments, input, Timeout, cancellationToken);
        return result.ExitCode == 0 ? result.StandardOutput : throw new EngineException($"{Name} failed: {result.Complaint}");
    }

    // "Pty Language Age/Gender VoiceName File Other-languages", one voice a line under that heading.
    private static List<SpeechVoice> Parse(string table) =>
        [.. table.Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(columns => columns.Length >= 5)
            .Select(columns => new SpeechVoice(columns[1], columns[3].Replace('_', ' '), columns[1]))
            .DistinctBy(voice => voice.Id)];

    // Clients ask for edge-tts voices such as zh-CN-XiaoxiaoNeural: the nearest voice of that language will do.
    private static string Choose(IReadOnlyList<SpeechVoice> voices, Utterance utterance)
    {
        var wanted = (utterance.Voice ?? "").ToLowerInvariant().Replace('_', '-');
        var language = wanted.Split('-') switch
        {
            ["zh", "hk", ..] => "yue",
            ["zh", ..] => "cmn",
            ["en"] => "en-us",
            _ => wanted,
        };
        for (var part = language; part.Length > 0; part = part[..Math.Max(0, part.LastIndexOf('-'))])
        {
            if (voices.FirstOrDefault(voice => voice.Id.Equals(part, StringComparison.OrdinalIgnoreCase)) is { } voice)
            {
                return voice.Id;
            }
        }
        return utterance.Text.Any(letter => letter is >= '\u4e00' and <= '\u9fff') ? "cmn" : "en-us";
    }

    private static int Number(string? written, Regex pattern, string field, string example)
    {
        if (string.IsNullOrWhiteSpace(written))
        {
            return 0;
        }
        var match = pattern.Match(written);
        return match.Success
            ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : throw new FormatException($"'{field}' must be written like {example}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([+-]?[0-9]{1,3})%$")]
    private static partial Regex RatePattern();

    [GeneratedRegex(@"^([+-]?[0-9]{1,3})Hz$")]
    private static partial Regex PitchPattern();
}
