using Gateway.Explain;

namespace Gateway.Cli;

/// <summary>An explanation as a terminal shows it: the outcome first, then what the request meets, in that order.</summary>
internal static class ExplanationText
{
    private const int WidestValue = 72;

    public static void Write(Explanation explanation, TextWriter output)
    {
        output.WriteLine(OneLine(explanation.Request));
        output.WriteLine((explanation.IsRefused ? "REFUSED  " : "  ->  ") + OneLine(explanation.Outcome));
        if (explanation.Remedy is { } remedy)
        {
            output.WriteLine("         " + OneLine(remedy));
        }

        foreach (var warning in explanation.Warnings)
        {
            output.WriteLine("  log:  " + OneLine(warning));
        }

        var names = explanation.Sections.SelectMany(s => s.Lines).Select(l => l.Name.Length).DefaultIfEmpty().Max();
        var values = Math.Min(WidestValue, explanation.Sections.SelectMany(s => s.Lines).Select(l => l.Value.Length).DefaultIfEmpty().Max());
        foreach (var section in explanation.Sections.Where(section => section.Lines.Count > 0))
        {
            output.WriteLine();
            output.WriteLine(section.Title);
            foreach (var line in section.Lines)
            {
                output.WriteLine($"  {line.Name.PadRight(names)}  {OneLine(line.Value).PadRight(values)}  {line.Source}".TrimEnd());
            }
        }
    }

    // What clients send must not move the cursor.
    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
}
