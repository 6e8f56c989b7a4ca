namespace Gateway.Import.Nginx;

/// <summary>Reads a configuration and the files that it includes into a tree of directives.</summary>
internal sealed class NginxParser
{
    // nginx itself has no such bounds; a real configuration has a tenth.
    private const int MostDepth = 64;
    private const int MostFiles = 2000;

    private readonly NginxFiles _files;
    private int _opened;

    private NginxParser(NginxFiles files) => _files = files;

    /// <exception cref="NginxSyntaxException">With file, line and column.</exception>
    /// <exception cref="IOException">The file itself cannot be read; what it includes and cannot be read is said in the tree.</exception>
    public static IReadOnlyList<NginxDirective> Read(string path)
    {
        var files = new NginxFiles(path);
        return new NginxParser(files).ParseFile(path, NginxFiles.Text(path), 0);
    }

    private List<NginxDirective> ParseFile(string path, string text, int depth)
    {
        var lexer = new NginxLexer(path, text);
        return ParseBlock(lexer, null, depth);
    }

    private List<NginxDirective> ParseBlock(NginxLexer lexer, NginxPlace? opened, int depth)
    {
        if (depth > MostDepth)
        {
            throw new NginxSyntaxException(opened!, $"blocks and includes are nested more than {MostDepth} deep");
        }

        var directives = new List<NginxDirective>();
        while (true)
        {
            var token = lexer.Next();
            switch (token.Kind)
            {
                case NginxTokenKind.Word:
                    directives.Add(ParseDirective(lexer, token, depth));
                    break;
                case NginxTokenKind.Close when opened is not null:
                case NginxTokenKind.End when opened is null:
                    return directives;
                case NginxTokenKind.End:
                    throw new NginxSyntaxException(opened!, "this block is never closed; add a '}'");
                default:
                    throw new NginxSyntaxException(token.Place, $"'{token.Text}' without a directive before it");
            }
        }
    }

    private NginxDirective ParseDirective(NginxLexer lexer, NginxToken name, int depth)
    {
        var arguments = new List<string>();
        while (true)
        {
            var token = lexer.Next();
            switch (token.Kind)
            {
                case NginxTokenKind.Word:
                    arguments.Add(token.Text);
                    break;
                case NginxTokenKind.Semicolon:
                    var directive = new NginxDirective(name.Text, arguments, name.Place, null);
                    return directive.IsInclude ? Include(directive, depth) : directive;
                case NginxTokenKind.Open when name.Text.EndsWith("_by_lua_block", StringComparison.Ordinal):
                    lexer.SkipCode(token.Place);
                    return new NginxDirective(name.Text, arguments, name.Place, []);
                case NginxTokenKind.Open:
                    return new NginxDirective(name.Text, arguments, name.Place, ParseBlock(lexer, token.Place, depth + 1));
                default:
                    throw new NginxSyntaxException(name.Place, $"'{name.Text}' is not ended by ';'");
            }
        }
    }

    private NginxDirective Include(NginxDirective directive, int depth)
    {
        if (NginxFiles.IsData(directive.First))
        {
            return directive;
        }

        var directives = new List<NginxDirective>();
        var problem = default(string);
        foreach (var path in _files.Matching(directive.First))
        {
            if (++_opened > MostFiles)
            {
                throw new NginxSyntaxException(directive.Place, $"more than {MostFiles} files are included; does one include itself?");
            }

            if (depth >= MostDepth)
            {
                throw new NginxSyntaxException(directive.Place, $"includes are nested more than {MostDepth} deep; does a file include itself?");
            }

            try
            {
                directives.AddRange(ParseFile(path, NginxFiles.Text(path), depth + 1));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem = $"not read: {e.Message}";
            }
        }

        return directive with { Block = directives, Problem = problem };
    }
}
