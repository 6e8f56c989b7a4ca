using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gateway.FrontEnd;

/// <summary>
/// Which answers ASP.NET Core's response compression takes: text that is there whole. A compressor holds back what it has not filled a
/// block with, so whatever streams (server-sent events, tokens of a language model, answers of unknown length) passes as it comes.
/// </summary>
internal sealed class CompressedText(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
{
    // Below one packet nothing is won.
    private const int Shortest = 1024;

    private static readonly string[] MoreTypes = ["image/svg+xml", "application/manifest+json", "application/problem+json", "application/ld+json", "text/csv", "text/markdown"];

    public static void Configure(ResponseCompressionOptions options)
    {
        options.EnableForHttps = true;
        options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, .. MoreTypes];
        options.Providers.Add(new BrotliCompressionProvider(Options.Create(new BrotliCompressionProviderOptions { Level = CompressionLevel.Optimal })));
        options.Providers.Add(new GzipCompressionProvider(Options.Create(new GzipCompressionProviderOptions { Level = CompressionLevel.Optimal })));
    }

    public override bool ShouldCompressResponse(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (headers.ContentLength is not >= Shortest
            || context.Response.StatusCode == StatusCodes.Status206PartialContent
            // RFC 9111 section 5.2.2.6.
            || headers.CacheControl.ToString().Contains("no-transform", StringComparison.OrdinalIgnoreCase)
            || !base.ShouldCompressResponse(context))
        {
            return false;
        }

        // RFC 9110 section 8.8.1: a strong tag promises the same bytes.
        if (EntityTagHeaderValue.TryParse(headers.ETag.ToString(), out var tag) && !tag.IsWeak)
        {
            headers.ETag = "W/" + tag.Tag;
        }

        return true;
    }
}
