namespace Gateway.Import.Nginx;

internal enum NginxTokenKind
{
    Word,
    Semicolon,
    Open,
    Close,
    End,
}

/// <param name="Text">A word without its quotes and escapes.</param>
internal readonly record struct NginxToken(NginxTokenKind Kind, string Text, NginxPlace Place);
