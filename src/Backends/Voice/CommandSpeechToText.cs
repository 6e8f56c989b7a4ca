namespace Backends.Voice;

/// <summary>
/// Speech to text by a program (STT_COMMAND): it gets the path of a 16 kHz mono 16-bit WAV file as its last argument,
/// prints the text and ends with 0 within two minutes. Words may be quoted; no shell is involved.
/// </summary>
internal sealed class CommandSpeechToText : ISpeechToText
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private readonly List<string> _words;

    /// <exception cref="SettingException">The command has no word, or a quote that does not end.</exception>
    public CommandSpeechToText(string command)
    {
        _words = Split(command);
        Name = Path.GetFileNameWithoutExtension(_words[0]);
    }

    public string Name { get; }

    public bool HasModel => true;

    public async Task<string> TranscribeAsync(Recording recording, CancellationToken cancellationToken)
    {
        var result = await ChildProcess.RunAsync(_words[0], [.. _words.Skip(1), recording.WavPath], input: null, Timeout, cancellationToken);
        return result.ExitCode == 0 ? result.StandardOutput.Trim() : throw new EngineException($"{Name} failed: {result.Complaint}");
    }

    private static List<string> Split(string command)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        var quote = '\0';
        var inWord = false;
        foreach (var letter in command)
        {
            if (quote != '\0' ? letter == quote : letter is '"' or '\'')
            {
                quote = quote == '\0' ? letter : '\0';
                inWord = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                }
                word.Clear();
                inWord = false;
            }
            else
            {
                word.Append(letter);
                inWord = true;
            }
        }
        if (inWord)
        {
            words.Add(word.ToString());
        }
        return quote == '\0' && words.Count > 0
            ? words
            : throw new SettingException($"STT_COMMAND='{command}' is not a command; write PROGRAM ARGUMENTS, with every quote closed");
    }
}
