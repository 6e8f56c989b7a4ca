namespace Gateway.EndToEnd.Browser;

/// <summary>A page that opens a WebSocket where a key is asked for: the one thing that needs a browser to be believed.</summary>
public sealed class AccessTests(GuardedPage guarded) : IClassFixture<GuardedPage>
{
    private const string Open = """
        ([url, protocols]) => new Promise(resolve => {
          const socket = protocols ? new WebSocket(url, protocols) : new WebSocket(url);
          socket.onmessage = event => resolve(`${event.data} with '${socket.protocol}'`);
          socket.onerror = () => resolve('refused');
        })
        """;

    [Theory]
    [InlineData("gateway.key.KEY", "", "page asked for '' at PATH with 'gateway.key.KEY'")]
    [InlineData("chat,gateway.key.KEY", "", "page asked for 'chat' at PATH with 'chat'")]
    [InlineData("other,gateway.key.KEY", "", "page asked for 'other' at PATH with 'gateway.key.KEY'")]
    [InlineData(null, "?key=KEY", "page asked for '' at PATH with ''")]
    [InlineData("chat", "?room=1&key=KEY", "page asked for 'chat' at PATH?room=1 with 'chat'")]
    [InlineData(null, "", "refused")]
    [InlineData("gateway.key.wrong", "", "refused")]
    [InlineData(null, "?key=wrong", "refused")]
    public async Task ChromiumOpensAWebSocketWithTheKeyAndOnlyWithIt(string? protocols, string query, string expected)
    {
        var page = await guarded.Chromium.OpenAsync(guarded.Gateway.HttpsAddress);
        var path = $"/ws/{Guid.NewGuid()}";
        string WithKey(string text) => text.Replace("KEY", guarded.Key, StringComparison.Ordinal).Replace("PATH", path, StringComparison.Ordinal);

        var outcome = await page.EvaluateAsync<string>(
            Open, new object?[] { $"wss://localhost:{guarded.Gateway.HttpsPort}{path}{WithKey(query)}", protocols is null ? null : WithKey(protocols).Split(',') });

        Assert.Equal(WithKey(expected), outcome);
        await guarded.Gateway.Program.WaitForLineAsync(expected == "refused" ? path + " 401" : path + " call");
        Assert.DoesNotContain(guarded.Gateway.Program.All.Lines, line => line.Contains(guarded.Key, StringComparison.Ordinal));
    }
}
