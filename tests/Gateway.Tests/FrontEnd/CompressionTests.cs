using System.IO.Compression;
using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.FrontEnd;

/// <summary>What of the answers is compressed on the way, and what never is.</summary>
public sealed class CompressionTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("all work and no play ", 200));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<HttpResponseMessage> AskAsync(RequestDelegate answer, string accept = "br", bool on = true)
    {
        await using var service = await TestService.StartAsync(answer);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { Compression = on } });
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/"));
        request.Headers.AcceptEncoding.ParseAdd(accept);
        return await gateway.Client.SendAsync(request, Cancellation);
    }

    private static Task Whole(HttpContext context, string type, int length = int.MaxValue)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(Text[..Math.Min(length, Text.Length)]);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        context.Response.Headers.ETag = "\"1\"";
        return context.Response.Body.WriteAsync(bytes).AsTask();
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip", "gzip")]
    public async Task TextThatIsThereWholeIsCompressed(string accept, string encoding)
    {
        using var response = await AskAsync(context => Whole(context, "application/json"), accept);
        var bytes = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.Equal([encoding], response.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], response.Headers.Vary);
        Assert.Equal("W/\"1\"", response.Headers.ETag?.ToString());
        Assert.InRange(bytes.Length, 1, Text.Length / 10);
        using Stream plain = encoding == "br"
            ? new BrotliStream(new MemoryStream(bytes), CompressionMode.Decompress)
            : new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        Assert.Equal(Text, await new StreamReader(plain).ReadToEndAsync(Cancellation));
    }

    public static TheoryData<string, RequestDelegate> Passing => new()
    {
        { "a picture", context => Whole(context, "image/png") },
        { "a short text", context => Whole(context, "text/plain", 500) },
        { "an unknown length", context => { context.Response.ContentType = "text/plain"; return context.Response.WriteAsync(Text); } },
        { "events", context => Whole(context, "text/event-stream") },
        { "what is compressed already", context => { context.Response.Headers.ContentEncoding = "zstd"; return Whole(context, "text/plain"); } },
        { "no-transform", context => { context.Response.Headers.CacheControl = "no-transform"; return Whole(context, "text/plain"); } },
    };

    [Theory]
    [MemberData(nameof(Passing), DisableDiscoveryEnumeration = true)]
    public async Task EverythingElsePassesAsItIs(string what, RequestDelegate answer)
    {
        using var response = await AskAsync(answer);
        var bytes = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.True(Text.StartsWith(System.Text.Encoding.UTF8.GetString(bytes), StringComparison.Ordinal) && bytes.Length > 0, what);
        Assert.DoesNotContain("br", response.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task NothingIsCompressedUnlessItIsAskedFor()
    {
        using var unasked = await AskAsync(context => Whole(context, "text/plain"), on: false);
        using var unaccepted = await AskAsync(context => Whole(context, "text/plain"), accept: "identity");

        Assert.Equal((HttpStatusCode.OK, Text), (unasked.StatusCode, await unasked.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal(Text, await unaccepted.Content.ReadAsStringAsync(Cancellation));
        Assert.Empty(unaccepted.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task TokensOfAStreamArriveAsTheyAreSent()
    {
        var more = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await more.Task;
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { Compression = true } });
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/"));
        request.Headers.AcceptEncoding.ParseAdd("br");
        using var response = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[5];
        await body.ReadExactlyAsync(buffer, Cancellation);

        Assert.Equal("first"u8, buffer);
        more.SetResult();
    }
}
