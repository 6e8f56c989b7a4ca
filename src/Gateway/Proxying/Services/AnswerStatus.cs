namespace Gateway.Proxying.Services;

/// <summary>The status of an HTTP/1.1 answer, from its first bytes as they come: <c>HTTP/1.1 101</c>.</summary>
internal sealed class AnswerStatus
{
    private const int First = 9;
    private const int End = 12;

    private int _position;
    private int _code;

    /// <summary>Of the last answer; 0 while it has not come.</summary>
    public int Code => _position == End ? _code : 0;

    /// <summary>The next byte is the first of an answer.</summary>
    public void Expect() => (_position, _code) = (0, 0);

    public void Observe(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length && _position < End; i++, _position++)
        {
            if (_position >= First)
            {
                _code = (_code * 10) + (bytes[i] - '0');
            }
        }
    }
}
