using System.Globalization;

namespace Backends.Voice;

/// <summary>Turns what a browser or a phone records (WebM, Ogg, MP4, MP3, ...) into WAV with the installed ffmpeg.</summary>
internal sealed class FfmpegDecoder(string path)
{
    // A playlist format could make ffmpeg open other files and addresses, so only plain containers are allowed.
    private const string Containers = "matroska,webm,ogg,mp3,mov,mp4,m4a,wav,w64,flac,aac,aiff,amr,caf,au";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <exception cref="AudioException">ffmpeg cannot decode it.</exception>
    public async Task DecodeAsync(string sourcePath, string wavPath, CancellationToken cancellationToken)
    {
        // One second more than is allowed, so that whoever reads the result sees that it is too long.
        var limit = (Recording.Longest.TotalSeconds + 1).ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
            "-protocol_whitelist", "file", "-format_whitelist", Containers, "-i", $"file:{sourcePath}",
            "-vn", "-ac", "1", "-ar", SpeechActivity.SampleRate.ToString(CultureInfo.InvariantCulture),
            "-c:a", "pcm_s16le", "-t", limit, "-f", "wav", $"file:{wavPath}",
        ];
        ChildOutput result;
        try
        {
            result = await ChildProcess.RunAsync(path, arguments, input: null, Timeout, cancellationToken);
        }
        catch (EngineException failure)
        {
            throw new AudioException($"the recording cannot be decoded: {failure.Message}");
        }
        if (result.ExitCode != 0)
        {
            throw new AudioException($"the recording cannot be decoded: ffmpeg: {result.Complaint.Replace($"file:{sourcePath}", "it", StringComparison.Ordinal)}");
        }
    }
}
