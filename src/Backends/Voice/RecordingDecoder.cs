namespace Backends.Voice;

/// <summary>Reads WAV itself, and leaves everything else to ffmpeg where that is installed (null: it is not).</summary>
internal sealed class RecordingDecoder(FfmpegDecoder? ffmpeg)
{
    /// <exception cref="AudioException">It cannot be decoded; the message says why, and what would help.</exception>
    public async Task<Recording> DecodeAsync(string uploadPath, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        var start = new byte[12];
        await using (var upload = File.OpenRead(uploadPath))
        {
            var length = await upload.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
            if (length == 0)
            {
                throw new AudioException("the recording is empty");
            }
        }
        if (WavDecoder.IsWav(start))
        {
            try
            {
                return Write(uploadPath, folder, cancellationToken);
            }
            catch (AudioException) when (ffmpeg is not null)
            {
                // A WAV file with a codec such as A-law, or worse; ffmpeg knows more kinds.
            }
        }
        else if (ffmpeg is null)
        {
            throw new AudioException("this is not a WAV file, and other formats need ffmpeg, which is not installed");
        }
        var decoded = folder.File("decoded.wav");
        await ffmpeg.DecodeAsync(uploadPath, decoded, cancellationToken);
        return Write(decoded, folder, cancellationToken);
    }

    private static Recording Write(string path, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        using var source = File.OpenRead(path);
        return Recording.Write(source, folder.File("speech.wav"), cancellationToken);
    }
}
