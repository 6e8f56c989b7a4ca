using System.Text;

namespace Gateway.Import.Nginx;

/// <summary>Splits a configuration into words and punctuation by nginx's own rules: quotes count at the start of a word only, a brace
/// ends a word unless it belongs to a variable, and a backslash stays unless it escapes a quote, a blank or itself.</summary>
internal sealed class NginxLexer(string file, string text)
{
    private int _at;
    private int _line = 1;
    private int _lineStart;

    public NginxToken Next()
    {
        SkipBlanks();
        var place = Here();
        if (_at >= text.Length)
        {
            return new NginxToken(NginxTokenKind.End, "", place);
        }

        switch (text[_at])
        {
            case ';':
                _at++;
                return new NginxToken(NginxTokenKind.Semicolon, ";", place);
            case '{':
                _at++;
                return new NginxToken(NginxTokenKind.Open, "{", place);
            case '}':
                _at++;
                return new NginxToken(NginxTokenKind.Close, "}", place);
            case '"' or '\'':
                return new NginxToken(NginxTokenKind.Word, Quoted(place), place);
            default:
                return new NginxToken(NginxTokenKind.Word, Bare(), place);
        }
    }

    /// <summary>Passes over code of another language (<c>content_by_lua_block</c>) up to the brace that closes it.</summary>
    public void SkipCode(NginxPlace opened)
    {
        var quote = '\0';
        for (var depth = 1; _at < text.Length; _at++)
        {
            NoticeLine();
            if (quote != '\0')
            {
                var isEscape = text[_at] == '\\' && _at + 1 < text.Length && text[_at + 1] != '\n';
                quote = !isEscape && (text[_at] == quote || text[_at] == '\n') ? '\0' : quote;
                _at += isEscape ? 1 : 0;
                continue;
            }

            quote = text[_at] is '"' or '\'' ? text[_at] : '\0';
            depth += text[_at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                _at++;
                return;
            }
        }

        throw new NginxSyntaxException(opened, "this block is never closed; add a '}'");
    }

    private NginxPlace Here() => new(file, _line, _at - _lineStart + 1);

    private void NoticeLine()
    {
        if (text[_at] == '\n')
        {
            _line++;
            _lineStart = _at + 1;
        }
    }

    private void SkipBlanks()
    {
        for (; _at < text.Length; _at++)
        {
            if (text[_at] == '#')
            {
                while (_at + 1 < text.Length && text[_at + 1] != '\n')
                {
                    _at++;
                }
            }
            else if (!IsBlank(text[_at]) && text[_at] != '\uFEFF')
            {
                return;
            }
            else
            {
                NoticeLine();
            }
        }
    }

    private string Quoted(NginxPlace place)
    {
        var quote = text[_at++];
        var word = new StringBuilder();
        for (; _at < text.Length && text[_at] != quote; _at++)
        {
            NoticeLine();
            Take(word);
        }

        if (_at++ >= text.Length)
        {
            throw new NginxSyntaxException(place, $"the quotation mark {quote} is never closed");
        }

        if (_at < text.Length && !IsBlank(text[_at]) && text[_at] is not (';' or '{' or ')'))
        {
            throw new NginxSyntaxException(Here(), $"'{text[_at]}' right after a closing quotation mark; put a blank or ';' between them");
        }

        return word.ToString();
    }

    private string Bare()
    {
        var word = new StringBuilder();
        for (; _at < text.Length && !IsBlank(text[_at]) && text[_at] is not (';' or '{'); _at++)
        {
            if (text[_at] == '$' && _at + 1 < text.Length && text[_at + 1] == '{')
            {
                word.Append(text[_at++]);
                word.Append(text[_at]);
                continue;
            }

            Take(word);
        }

        return word.ToString();
    }

    private void Take(StringBuilder word)
    {
        if (text[_at] != '\\' || _at + 1 >= text.Length)
        {
            word.Append(text[_at]);
            return;
        }

        _at++;
        NoticeLine();
        word.Append(text[_at] switch
        {
            '"' or '\'' or '\\' => text[_at].ToString(),
            't' => "\t",
            'r' => "\r",
            'n' => "\n",
            var other => "\\" + other,
        });
    }

    private static bool IsBlank(char character) => character is ' ' or '\t' or '\r' or '\n';
}
