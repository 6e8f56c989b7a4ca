using System.Text;
using Gateway.Doctor;

namespace Gateway.Tests.Doctor;

public sealed class InsecureReferenceTests
{
    [Theory]
    [InlineData("new WebSocket('ws://localhost:5003/ws/video')", "new WebSocket('wss://' + location.host + '/ws/video')")]
    [InlineData("new WebSocket(`ws://${location.hostname}:5003/ws/${room}`)", "new WebSocket(`wss://${location.host}/ws/${room}`)")]
    [InlineData("new WebSocket(\"ws://\" + location.host + \"/ws\")", "new WebSocket(\"wss://\" + location.host + \"/ws\")")]
    [InlineData("new WebSocket('ws://chat.example.com/ws')", "new WebSocket('wss://chat.example.com/ws')")]
    [InlineData("fetch(\"http://localhost:5001/api/speech-to-text\", x)", "fetch(\"/api/speech-to-text\", x)")]
    [InlineData("const base = 'http://127.0.0.1:5001';", "const base = location.origin;")]
    [InlineData("const base = `http://${location.hostname}:5001`;", "const base = location.origin;")]
    [InlineData("const base = 'https://localhost:5443/api';", "const base = '/api';")]
    [InlineData("fetch('http://other.example.com/x')", "fetch('https://other.example.com/x')")]
    [InlineData("const a = \"//\" + location.hostname + \":5001\";", "const a = \"//\" + location.host;")]
    [InlineData("const a = '//' + location.hostname + ':5001/api';", "const a = '//' + location.host + '/api';")]
    [InlineData("const a = `//${window.location.hostname}:5001/api`;", "const a = `//${location.host}/api`;")]
    [InlineData("a=b.replace(/\\//g,'');new WebSocket('ws://localhost:5003/ws')", "a=b.replace(/\\//g,'');new WebSocket('wss://' + location.host + '/ws')")]
    [InlineData("glob('src/*.js'); new WebSocket('ws://localhost:5003/ws')", "glob('src/*.js'); new WebSocket('wss://' + location.host + '/ws')")]
    public void InAScriptItIsFoundWithTheTextThatWorks(string script, string mended) => Assert.Equal(mended, Mend(script, isHtml: false));

    [Theory]
    [InlineData("<img src=\"http://localhost:3000/a.png\">", "<img src=\"/a.png\">")]
    [InlineData("<script src='http://cdn.example.com/x.js'></script>", "<script src='https://cdn.example.com/x.js'></script>")]
    [InlineData("<link rel=stylesheet href=http://cdn.example.com/x.css>", "<link rel=stylesheet href=https://cdn.example.com/x.css>")]
    [InlineData("<form action=\"http://localhost:5001/api/x\">", "<form action=\"/api/x\">")]
    [InlineData("<p>a</p><script>for (let i = 0; i<length; i++) open('ws://localhost:1234/ws')</script>", "<p>a</p><script>for (let i = 0; i<length; i++) open('wss://' + location.host + '/ws')</script>")]
    public void InAPageToo(string page, string mended) => Assert.Equal(mended, Mend(page, isHtml: true));

    [Theory]
    [InlineData("const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';")]
    [InlineData("address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';")]
    [InlineData("const base = (secure ? 'https://' : 'http://') + location.host;")]
    [InlineData("document.createElementNS('http://www.w3.org/2000/svg', 'svg')")]
    [InlineData("// see http://localhost:5001/api")]
    [InlineData("/* once it was\n ws://localhost:5003 */")]
    [InlineData("fetch('/api/x'); new WebSocket(`wss://${location.host}/ws`); fetch('https://other.example.com:8443/x')")]
    [InlineData("const time = '12:30'; const news = 'news://x'; const list = {a:5001};")]
    public void WhatWorksIsLeftAlone(string script) => Assert.Empty(InsecureReference.In(new PageFile("/a.js", script, IsHtml: false)));

    [Theory]
    [InlineData("<a href=\"http://example.com/\">a link</a>")]
    [InlineData("<html xmlns=\"http://www.w3.org/1999/xhtml\">")]
    [InlineData("<link rel=\"canonical\" href=\"http://example.com/\">")]
    [InlineData("<p>Read http://example.com/ for more.</p>")]
    [InlineData("<!-- <img src=\"http://example.com/a.png\"> -->")]
    public void WhatABrowserDoesNotLoadIsLeftAlone(string page) => Assert.Empty(InsecureReference.In(new PageFile("/", page, IsHtml: true)));

    [Fact]
    public void TheOffsetCountsBytesAndTheLineLines()
    {
        var script = "// 视频通话\nconst a = 1;\nnew WebSocket('ws://localhost:5003/ws')";

        var found = Assert.Single(InsecureReference.In(new PageFile("/a.js", script, IsHtml: false)));

        Assert.Equal(3, found.Line);
        Assert.Equal(Encoding.UTF8.GetByteCount(script[..script.IndexOf("'ws:", StringComparison.Ordinal)]), found.Offset);
        Assert.Equal(ReferenceKind.WebSocket, found.Kind);
    }

    [Fact]
    public void ALinkInAScriptIsNoMoreThanAWarning()
    {
        Assert.Equal(ReferenceKind.PerhapsLoaded, Assert.Single(InsecureReference.In(new PageFile("/a.js", "help.href = 'http://docs.example.com/';", IsHtml: false))).Kind);
    }

    // As a person who does what each finding says, the last first, so that the offsets hold.
    private static string Mend(string text, bool isHtml)
    {
        var references = InsecureReference.In(new PageFile("/a", text, isHtml));
        Assert.NotEmpty(references);
        foreach (var reference in references.OrderByDescending(r => r.Offset))
        {
            Assert.Equal(reference.Text, text.Substring(reference.Offset, reference.Text.Length));
            text = string.Concat(text.AsSpan(0, reference.Offset), reference.Instead, text.AsSpan(reference.Offset + reference.Text.Length));
        }

        return text;
    }
}
