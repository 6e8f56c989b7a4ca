using System.Text.Encodings.Web;
using System.Text.Json;
using Bench.Rows;

namespace Bench.Report;

/// <summary>Where the results go besides the terminal.</summary>
internal static class ResultFiles
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Results results, ComparisonOptions options)
    {
        if (options.OutputFolder is { } folder)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "results.md"), MarkdownReport.Write(results));
            File.WriteAllText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(results, Json));
        }
    }
}
