using System.Globalization;
using System.Text;

namespace Gateway.Doctor;

/// <summary>The report as a terminal shows it: a line for what is well, a paragraph for what is not.</summary>
internal static class DoctorText
{
    private const int Column = 9;
    private const string Indent = "         ";

    public static void Write(DoctorReport report, TextWriter output)
    {
        output.WriteLine($"gateway {report.Version}   {report.Configuration} as gateway {report.Mode}");
        output.WriteLine();
        var width = report.Checks.Max(c => c.Check.Length);
        foreach (var check in report.Checks)
        {
            if (check.Findings.Count == 0)
            {
                output.WriteLine($"{(check.State == "ok" ? "ok" : "-").PadRight(Column)}{check.Check.PadRight(width)}  {OneLine(check.Summary)}");
            }

            foreach (var finding in check.Findings)
            {
                Write(check, finding, width, output);
            }
        }

        output.WriteLine();
        foreach (var done in report.Fixed)
        {
            output.WriteLine($"Fixed: {done}");
        }

        output.WriteLine(Ending(report));
    }

    private static void Write(CheckReport check, FindingReport finding, int width, TextWriter output)
    {
        var severity = finding.Severity switch { "error" => "ERROR", "warning" => "warning", _ => "unknown" };
        output.WriteLine($"{severity.PadRight(Column)}{check.Check.PadRight(width)}  {OneLine(finding.What)}");
        output.WriteLine($"{Indent}Why: {OneLine(finding.Why)}");
        output.WriteLine($"{Indent}Do:  {OneLine(finding.Remedy)}");
        foreach (var command in finding.Commands)
        {
            output.WriteLine($"{Indent}       {OneLine(command)}");
        }

        if (finding.Write is { } write)
        {
            if (finding.Place is { } place && !finding.What.Contains(place, StringComparison.Ordinal))
            {
                output.WriteLine($"{Indent}     at {place}:");
            }

            output.WriteLine($"{Indent}       {OneLine(write)}");
            if (finding.InsteadOf is { } old && !finding.What.Contains(old, StringComparison.Ordinal))
            {
                output.WriteLine($"{Indent}     instead of");
                output.WriteLine($"{Indent}       {OneLine(old)}");
            }
        }
    }

    private static string Ending(DoctorReport report)
    {
        if (report.Errors + report.Warnings + report.Unknown == 0)
        {
            return "Nothing is wrong.";
        }

        string[] parts =
        [
            Count(report.Errors, "error", "errors"), Count(report.Warnings, "warning", "warnings"),
            report.Unknown > 0 ? $"{report.Unknown.ToString(CultureInfo.InvariantCulture)} that could not be told" : "",
        ];
        var fixable = report.Checks.Sum(c => c.Findings.Count(f => f.CanFix));
        return string.Join(", ", parts.Where(p => p.Length > 0)) + "." + (fixable > 0 ? $" `--fix` mends {fixable} of them." : "");
    }

    private static string Count(int number, string one, string more) => number == 0 ? "" : $"{number.ToString(CultureInfo.InvariantCulture)} {(number == 1 ? one : more)}";

    // What a page or a service has written must not move the cursor.
    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            line.Append(char.IsControl(character) ? ' ' : character);
        }

        return line.ToString();
    }
}
