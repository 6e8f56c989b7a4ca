using Gateway.Cli;
using Gateway.Platform;

ProcessEnvironment.EnsureHome();
if (OperatingSystem.IsLinux())
{
    // Before there are threads.
    LinuxMemory.LimitArenas();
}

return await GatewayCommand.RunAsync(args, Console.Out, Console.Error);
