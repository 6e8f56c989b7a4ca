using System.Diagnostics;
using Bench.Content;

namespace Bench.Load;

/// <summary>Uploads or downloads of 1 MB one after the other on each connection; both ends check every byte.</summary>
internal static class TransferLoad
{
    public static Task<LoadResult> UploadAsync(LoadOptions options) => RunAsync(
        options,
        HttpConnection.Request(
            "/api/upload", options.Port,
            $"Content-Type: multipart/form-data; boundary={Answers.Boundary}\r\nContent-Length: {Answers.Upload.Length}\r\n", Answers.Upload.Span),
        Answers.Small);

    public static Task<LoadResult> DownloadAsync(LoadOptions options) =>
        RunAsync(options, HttpConnection.Request("/api/download", options.Port), Answers.Download);

    private static async Task<LoadResult> RunAsync(LoadOptions options, byte[] request, ReadOnlyMemory<byte> answer)
    {
        var run = new LoadRun(options);
        var client = new TlsClient(options.Port, options.CertificatePath);
        return await run.RunAsync(async (_, tally) =>
        {
            await using var connection = new HttpConnection(await client.ConnectAsync(), options.Port);
            tally.Ready();
            while (!run.IsOver)
            {
                var started = Stopwatch.GetTimestamp();
                if (!await connection.IsAnsweredAsync(request, answer))
                {
                    throw new InvalidDataException("the answer is wrong");
                }

                tally.Done(started);
            }
        });
    }
}
