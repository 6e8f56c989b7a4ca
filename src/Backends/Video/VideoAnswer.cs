using System.Globalization;

namespace Backends.Video;

/// <summary>The words of an answer, made only from what was truly received.</summary>
internal sealed record VideoAnswer(TimeSpan Speech, long Frames, JpegHeader LastFrame, int LastFrameBytes, bool Chinese)
{
    private static readonly TimeSpan ShortestSpeech = TimeSpan.FromMilliseconds(200);

    /// <summary>Long enough for a word; what is shorter was a click, a knock or a beep.</summary>
    public bool IsSpeech => Speech >= ShortestSpeech;

    /// <summary>The espeak-ng voice for it.</summary>
    public string Voice => Chinese ? "cmn" : "en-us";

    public string Transcript => (Chinese, IsSpeech) switch
    {
        (false, true) => $"[{Seconds} s of speech]",
        (false, false) => $"[a sound of {Milliseconds} ms]",
        (true, true) => $"[{Seconds} 秒语音]",
        (true, false) => $"[{Milliseconds} 毫秒的声音]",
    };

    /// <summary>The sentences, one a text.delta.</summary>
    public IReadOnlyList<string> Sentences => Chinese
        ? [IsSpeech ? $"我听到了 {Seconds} 秒的语音。" : $"我听到了 {Milliseconds} 毫秒的声音。",
            Frames == 0 ? "还没有收到画面。" : $"到目前为止收到 {Frames} 帧画面，", .. LastFrameSentence,
            "这里没有语言模型，所以我只能说这些。"]
        : [IsSpeech ? $"I heard {Seconds} seconds of speech. " : $"I heard a sound of {Milliseconds} milliseconds. ",
            Frames switch { 0 => "No picture has arrived yet. ", 1 => "One picture has arrived, ", _ => $"{Frames} pictures have arrived, " },
            .. LastFrameSentence,
            "There is no language model here, so this is all I can tell."];

    private IEnumerable<string> LastFrameSentence => (Frames, Chinese) switch
    {
        (0, _) => [],
        (_, false) => [$"{(Frames == 1 ? "" : "the last one ")}{LastFrame.Width} by {LastFrame.Height} and {Kilobytes} KB. "],
        (_, true) => [$"最近一帧为 {LastFrame.Width} 乘 {LastFrame.Height}，{Kilobytes} KB。"],
    };

    private string Seconds => Speech.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private string Milliseconds => Speech.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    private int Kilobytes => Math.Max(1, LastFrameBytes / 1024);
}
