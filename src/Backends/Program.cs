namespace Backends;

internal static class Program
{
    internal static Task<int> Main(string[] args) =>
        new BackendsCommand(Environment.GetEnvironmentVariable, Console.Out, Console.Error).RunAsync(args, CancellationToken.None);
}
