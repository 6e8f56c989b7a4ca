using System.Text.RegularExpressions;

namespace Gateway.Tests;

/// <summary>Dependencies point one way: Cli -> {Explain, Doctor} -> Hosting -> {FrontEnd, Phone, Observability -> Boundary} -> {Proxying, Certificates} -> {Acme, Configuration} -> Platform.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Cli"] = ["Import", "Explain", "Doctor", "Hosting", "Boundary", "FrontEnd", "Phone", "Observability", "Proxying", "Certificates", "Acme", "Configuration", "Platform"],
        ["Doctor"] = ["Hosting", "Observability", "Certificates", "Acme", "Configuration", "Platform"],
        ["Import"] = ["Configuration"],
        ["Explain"] = ["Hosting", "Boundary", "Proxying", "Certificates", "Acme", "Configuration", "Platform"],
        ["Hosting"] = ["Boundary", "FrontEnd", "Phone", "Observability", "Proxying", "Certificates", "Acme", "Configuration", "Platform"],
        ["Boundary"] = ["Proxying", "Certificates", "Configuration", "Platform"],
        ["Observability"] = ["Boundary", "Proxying", "Configuration", "Platform"],
        ["FrontEnd"] = ["Proxying", "Configuration", "Platform"],
        ["Phone"] = ["Proxying", "Certificates", "Configuration", "Platform"],
        ["Proxying"] = ["Configuration", "Platform"],
        ["Certificates"] = ["Acme", "Configuration", "Platform"],
        ["Acme"] = ["Platform"],
        ["Configuration"] = [],
        ["Platform"] = [],
    };

    /// <summary>The folder of the solution that these tests were built in.</summary>
    public static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Gateway.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder;
    }

    [Fact]
    public void EveryFolderUsesOnlyTheFoldersBelowIt()
    {
        var source = Path.Combine(RepositoryRoot(), "src", "Gateway");
        var wrong = new List<string>();
        foreach (var folder in Directory.GetDirectories(source).Where(d => Path.GetFileName(d) is not ("bin" or "obj" or "Properties")))
        {
            var name = Path.GetFileName(folder);
            Assert.True(Allowed.ContainsKey(name), $"src/Gateway/{name} is new: give it its place in the order.");
            foreach (var file in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
            {
                var used = OwnNamespace().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value).Distinct();
                wrong.AddRange(used.Where(u => u != name && !Allowed[name].Contains(u)).Select(u => $"{Path.GetRelativePath(source, file)} uses {u}"));
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryFileIsInTheNamespaceOfItsFolder()
    {
        var root = RepositoryRoot();
        var wrong = Directory.GetFiles(Path.Combine(root, "src", "Gateway"), "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Path.Combine(root, "src"), f))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && Path.GetFileName(f) != "Program.cs")
            .Where(f => !File.ReadAllText(Path.Combine(root, "src", f)).Contains($"\nnamespace {Path.GetDirectoryName(f)!.Replace('/', '.')};", StringComparison.Ordinal)
                && !File.ReadAllText(Path.Combine(root, "src", f)).StartsWith($"namespace {Path.GetDirectoryName(f)!.Replace('/', '.')};", StringComparison.Ordinal));

        Assert.Empty(wrong);
    }

    [GeneratedRegex(@"^using (?:static )?Gateway\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex OwnNamespace();
}
