using System.Diagnostics;
using Bench.Content;

namespace Bench.Load;

/// <summary>A new TLS connection for each request. A unit is a connection with its request.</summary>
internal static class ConnectLoad
{
    /// <param name="options">The size of the load.</param>
    /// <param name="resumes">Whether sessions are resumed where the proxy allows it; else each handshake is a full one.</param>
    public static async Task<LoadResult> RunAsync(LoadOptions options, bool resumes)
    {
        var run = new LoadRun(options);
        var client = new TlsClient(options.Port, options.CertificatePath) { Resumes = resumes };
        var request = HttpConnection.Request("/api/small", options.Port);
        return await run.RunAsync(async (_, tally) =>
        {
            tally.Ready();
            while (!run.IsOver)
            {
                var started = Stopwatch.GetTimestamp();
                await using var connection = new HttpConnection(await client.ConnectAsync(), options.Port);
                if (!await connection.IsAnsweredAsync(request, Answers.Small))
                {
                    throw new InvalidDataException("the answer is wrong");
                }

                tally.Done(started);
            }
        });
    }
}
