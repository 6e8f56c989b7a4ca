using System.Globalization;
using Bench.Load;
using Bench.Rows;
using Bench.Service;

namespace Bench;

internal static class Program
{
    internal static async Task<int> Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (args is ["service", var port])
        {
            await FixedService.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
            return 0;
        }

        if (args is [var load, .. var rest] && LoadNamed(load) is { } run)
        {
            var result = await run(LoadOptions.Parse(rest));
            Console.WriteLine(result);
            return result.Errors == 0 ? 0 : 1;
        }

        return await Comparison.MainAsync(args);
    }

    private static Func<LoadOptions, Task<LoadResult>>? LoadNamed(string name) => name switch
    {
        "calls" => CallsLoad.RunAsync,
        "echo" => EchoLoad.RunAsync,
        "upload" => TransferLoad.UploadAsync,
        "download" => TransferLoad.DownloadAsync,
        "connect" => options => ConnectLoad.RunAsync(options, resumes: false),
        "resume" => options => ConnectLoad.RunAsync(options, resumes: true),
        "idle" => IdleLoad.RunAsync,
        _ => null,
    };
}
