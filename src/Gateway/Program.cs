using Gateway.Cli;
using Gateway.Platform;

ProcessEnvironment.EnsureHome();
return await GatewayCommand.RunAsync(args, Console.Out, Console.Error);
