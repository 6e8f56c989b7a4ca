using System.Globalization;
using System.Text;

namespace Gateway.Import.Nginx;

/// <summary>What has become of every directive of the input, line by line.</summary>
internal sealed class ImportReport(IReadOnlyList<NginxDirective> tree)
{
    private readonly Dictionary<NginxDirective, (ImportVerdict Verdict, List<string> Notes)> _said = [];

    /// <summary>Every directive, in the order of the files.</summary>
    public IReadOnlyList<ImportLine> Lines => [.. Walk(tree).Select(Line)];

    public void Keep(NginxDirective directive, string? note = null) => Say(directive, ImportVerdict.Kept, note);

    public void Change(NginxDirective directive, string how) => Say(directive, ImportVerdict.Changed, how);

    public void Refuse(NginxDirective directive, string whatToDo) => Say(directive, ImportVerdict.NotSupported, whatToDo);

    public bool IsSaid(NginxDirective directive) => _said.ContainsKey(directive);

    /// <summary>One that holds in several places may have several fates: the worst counts, and all notes stand.</summary>
    public void Say(NginxDirective directive, ImportVerdict verdict, string? note)
    {
        var (before, notes) = _said.TryGetValue(directive, out var said) ? said : (ImportVerdict.Kept, []);
        if (note is not null && !notes.Contains(note))
        {
            notes.Add(note);
        }

        _said[directive] = (before > verdict ? before : verdict, notes);
    }

    /// <summary>For everything of a block that is left out.</summary>
    public void RefuseAll(NginxDirective block, string whatToDo)
    {
        Refuse(block, whatToDo);
        foreach (var inner in Walk(block.Block ?? []).Where(inner => !IsSaid(inner)))
        {
            Refuse(inner, "left out with its block");
        }
    }

    public void ChangeAll(NginxDirective block, string how)
    {
        Change(block, how);
        foreach (var inner in Walk(block.Block ?? []).Where(inner => !IsSaid(inner)))
        {
            Change(inner, "see its block");
        }
    }

    /// <summary>The whole report as text.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        var file = default(string);
        foreach (var line in Lines)
        {
            if (line.Directive.Place.File != file)
            {
                file = line.Directive.Place.File;
                text.Append(text.Length > 0 ? "\n" : "").Append(file).Append('\n');
            }

            text.Append(CultureInfo.InvariantCulture, $"{line.Directive.Place.Line,5}  {Word(line.Verdict),-13}  {Shorten(line.Directive.ToString())}\n");
            foreach (var note in line.Notes)
            {
                text.Append(' ', 22).Append(note).Append('\n');
            }
        }

        return text.ToString();
    }

    public static string Word(ImportVerdict verdict) => verdict switch
    {
        ImportVerdict.Kept => "kept",
        ImportVerdict.Changed => "changed",
        _ => "not supported",
    };

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..99] + "…";

    private ImportLine Line(NginxDirective directive) => _said.TryGetValue(directive, out var said)
        ? new ImportLine(directive, said.Verdict, said.Notes)
        : new ImportLine(directive, ImportVerdict.NotSupported, [UnmappedDirectives.Unknown(directive.Name)]);

    private static IEnumerable<NginxDirective> Walk(IEnumerable<NginxDirective> directives) =>
        directives.SelectMany(d => (IEnumerable<NginxDirective>)[d, .. Walk(d.Block ?? [])]);
}

/// <param name="Notes">How it has changed, or what to do; may be empty for what is kept.</param>
internal sealed record ImportLine(NginxDirective Directive, ImportVerdict Verdict, IReadOnlyList<string> Notes);
