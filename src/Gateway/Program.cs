using Gateway.Cli;

return await GatewayCommand.RunAsync(args, Console.Out, Console.Error);
