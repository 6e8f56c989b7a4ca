namespace Gateway.Cli;

/// <summary>Asks a person, and again where an answer cannot be used.</summary>
internal sealed class Questions(TextReader keyboard, TextWriter screen)
{
    // Whoever has not understood by then needs the README.
    private const int MostTries = 10;

    /// <param name="question">With a blank at its end.</param>
    /// <param name="problem">What is wrong with an answer; null for nothing.</param>
    /// <returns>Null when the input has ended, or no answer would do.</returns>
    public string? Ask(string question, Func<string, string?> problem)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            screen.Write(question);
            if (keyboard.ReadLine()?.Trim() is not { } answer)
            {
                screen.WriteLine();
                return null;
            }

            if (problem(answer) is not { } wrong)
            {
                return answer;
            }

            screen.WriteLine("  " + wrong);
        }

        return null;
    }

    /// <returns>Null when the input has ended.</returns>
    public bool? Confirm(string question) =>
        Ask(question + " [y/N] ", text => text.ToLowerInvariant() is "" or "y" or "yes" or "n" or "no" ? null : "answer y or n") is { } answer
            ? answer.StartsWith('y') || answer.StartsWith('Y')
            : null;
}
