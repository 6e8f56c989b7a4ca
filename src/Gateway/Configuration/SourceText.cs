using System.Text;

namespace Gateway.Configuration;

/// <summary>Turns byte positions of a UTF-8 file into lines and columns that an editor shows.</summary>
internal sealed class SourceText
{
    private readonly byte[] _utf8;
    private readonly string _file;
    private readonly List<int> _lineStarts = [0];

    public SourceText(byte[] utf8, string file)
    {
        _utf8 = utf8;
        _file = file;
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] == '\n')
            {
                _lineStarts.Add(i + 1);
            }
        }
    }

    public SourceLocation At(long offset)
    {
        var position = (int)Math.Clamp(offset, 0, _utf8.Length);
        var index = _lineStarts.BinarySearch(position);
        var line = index >= 0 ? index : ~index - 1;
        var before = _utf8.AsSpan(_lineStarts[line]..position);
        return new SourceLocation(_file, line + 1, Encoding.UTF8.GetCharCount(before) + 1);
    }

    /// <param name="line">From 0.</param>
    /// <param name="bytes">From the start of the line.</param>
    public SourceLocation At(long line, long bytes) => At(_lineStarts[(int)Math.Clamp(line, 0, _lineStarts.Count - 1)] + bytes);

    /// <summary>The first byte that is not UTF-8, or -1.</summary>
    public int FirstInvalidByte()
    {
        var offset = 0;
        while (offset < _utf8.Length)
        {
            if (Rune.DecodeFromUtf8(_utf8.AsSpan(offset), out _, out var consumed) != System.Buffers.OperationStatus.Done)
            {
                return offset;
            }

            offset += consumed;
        }

        return -1;
    }
}
