using System.CommandLine;

namespace Gateway.Cli;

/// <summary>`gateway init`: asks for what a gateway.json needs, or takes it as options, and writes the file.</summary>
internal static class InitCommand
{
    public static Command Create() => Create(() => Console.IsInputRedirected ? null : Console.In);

    /// <param name="keyboard">Where answers come from; null when nobody sits there.</param>
    public static Command Create(Func<TextReader?> keyboard)
    {
        var domain = new Option<string[]>("--domain") { Description = "A public name that is served, with a certificate from Let's Encrypt; may be given several times.", HelpName = "NAME" };
        var email = new Option<string?>("--email") { Description = "Where Let's Encrypt may write to.", HelpName = "ADDRESS" };
        var route = new Option<string[]>("--route") { Description = "A path and its service; may be given several times: /api/=http://127.0.0.1:5001", HelpName = "PATH=URL" };
        var webSocket = new Option<string[]>("--websocket") { Description = "The same, for a service with WebSockets: /ws/=http://127.0.0.1:5003", HelpName = "PATH=URL" };
        var output = new Option<string>("--out") { Description = "The file to write.", HelpName = "FILE", DefaultValueFactory = _ => "gateway.json" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing; overwrite a file that is there." };
        var command = new Command("init", "Write a gateway.json: asks for domain and services, or takes them as options.") { domain, email, route, webSocket, output, yes };
        command.SetAction(parsed => Run(
            new Given(parsed.GetValue(domain) ?? [], parsed.GetValue(email), parsed.GetValue(route) ?? [], parsed.GetValue(webSocket) ?? [], parsed.GetRequiredValue(output), parsed.GetValue(yes)),
            keyboard(),
            parsed.InvocationConfiguration));
        return command;
    }

    private sealed record Given(string[] Domains, string? Email, string[] Routes, string[] WebSockets, string Output, bool Yes);

    private static int Run(Given given, TextReader? keyboard, InvocationConfiguration console)
    {
        // 1. What was given must be right, whoever sits there.
        var problems = new List<string>();
        problems.AddRange(given.Domains.Select(InitAnswers.ProblemOfDomain).OfType<string>().Select(p => "--domain " + p));
        problems.AddRange(given.Email is { } address && InitAnswers.ProblemOfEmail(address) is { } problem ? ["--email " + problem] : []);
        var routes = Parse(given.Routes, "--route", false, problems).Concat(Parse(given.WebSockets, "--websocket", true, problems)).ToList();
        var answers = new InitAnswers(given.Domains, given.Email, routes);
        problems.AddRange(answers.ProblemOfRoutes() is { } clash ? ["--route " + clash] : []);
        if (problems.Count > 0)
        {
            problems.ForEach(console.Error.WriteLine);
            return ExitCode.WrongUsage;
        }

        // 2. Ask for what is missing, or say it.
        var asks = !given.Yes && keyboard is not null ? new Questions(keyboard, console.Output) : null;
        if (asks is not null && routes.Count == 0)
        {
            if (Ask(asks, answers) is not { } complete)
            {
                console.Error.WriteLine("No more answers; nothing was written.");
                return ExitCode.Failure;
            }

            answers = complete;
        }

        if (answers.Routes.Count == 0)
        {
            console.Error.WriteLine("There is no service to go to, and nobody to ask. Name one: gateway init --domain chat.example.com --route /=http://127.0.0.1:3000 --websocket /ws/=http://127.0.0.1:5003");
            return ExitCode.WrongUsage;
        }

        // 3. Never over a file without a word.
        if (File.Exists(given.Output) && !given.Yes && asks?.Confirm($"{given.Output} is there already. Overwrite it?") != true)
        {
            console.Error.WriteLine($"{given.Output} is there already; it was left as it is. Overwrite it with --yes, or choose another file with --out.");
            return ExitCode.Failure;
        }

        var isThere = File.Exists(given.Output);
        return NewFile.TryWrite(given.Output, answers.Json(), console.Error) ? Report(given.Output, isThere, answers, console) : ExitCode.Failure;
    }

    private static List<InitRoute> Parse(string[] texts, string option, bool webSockets, List<string> problems)
    {
        var routes = new List<InitRoute>();
        foreach (var text in texts)
        {
            if (InitRoute.Parse(text, webSockets, out var problem) is { } route)
            {
                routes.Add(route);
            }
            else
            {
                problems.Add($"{option} '{text}': {problem}");
            }
        }

        return routes;
    }

    private static InitAnswers? Ask(Questions asks, InitAnswers given)
    {
        var domains = given.Domains;
        if (domains.Count == 0)
        {
            if (asks.Ask("Public names that people will open, separated by blanks (empty: none yet): ", text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(InitAnswers.ProblemOfDomain).FirstOrDefault(p => p is not null)) is not { } names)
            {
                return null;
            }

            domains = [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct()];
        }

        var email = given.Email;
        if (domains.Count > 0 && email is null)
        {
            if (asks.Ask("Your e-mail address, for Let's Encrypt (empty: none): ", text => text.Length == 0 ? null : InitAnswers.ProblemOfEmail(text)) is not { } text)
            {
                return null;
            }

            email = text.Length == 0 ? null : text;
        }

        var routes = new List<InitRoute>();
        while (true)
        {
            var question = routes.Count == 0 ? "A path and its service, such as /api/=http://127.0.0.1:5001 or /=http://127.0.0.1:3000: " : "Another path and its service (empty: that is all): ";
            if (asks.Ask(question, text => ProblemOf(text, routes)) is not { } text)
            {
                return null;
            }

            if (text.Length == 0)
            {
                return new InitAnswers(domains, email, routes);
            }

            var route = InitRoute.Parse(text, false, out _)!;
            routes.Add(route with { WebSockets = asks.Confirm($"Does {route.Address} have WebSockets at {route.Path}/?") == true });
        }
    }

    private static string? ProblemOf(string text, List<InitRoute> routes)
    {
        if (text.Length == 0)
        {
            return routes.Count > 0 ? null : "at least one service is needed";
        }

        return InitRoute.Parse(text, false, out var problem) is { } route ? new InitAnswers([], null, [.. routes, route]).ProblemOfRoutes() : problem;
    }

    private static int Report(string path, bool overwritten, InitAnswers answers, InvocationConfiguration console)
    {
        var (_, errors) = ConfigurationFile.ReadWithCertificates(path);
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(console.Error, path, errors);
            return ExitCode.Failure;
        }

        console.Output.WriteLine($"{(overwritten ? "Overwrote" : "Wrote")} {path}: valid, with {(answers.Routes.Count == 1 ? "1 route" : $"{answers.Routes.Count} routes")}.");
        console.Output.WriteLine(answers.Domains.Count > 0
            ? $"Try it here:    gateway dev --config {path}\nServe it:       gateway run --config {path}    ({string.Join(", ", answers.Domains)} must lead to this machine)"
            : $"Try it here:    gateway dev --config {path}");
        return ExitCode.Success;
    }
}
