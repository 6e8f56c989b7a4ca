namespace Gateway.EndToEnd.Harness;

/// <summary>Runs the built gateway as the user nobody, who owns nothing and may use no port below 1024.</summary>
internal static class OrdinaryUser
{
    public static async Task<ProgramResult> RunGatewayAsync(
        TestFolder folder, IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments)
    {
        Require.Root();
        var setpriv = Require.Tool("setpriv");
        LetEveryoneRead(folder);
        // The clone may be in a folder that only its owner may enter.
        var program = CopyProgram(Repository.Gateway, folder["program"]);
        var home = Directory.CreateDirectory(folder["home-of-nobody"], (UnixFileMode)0b111_111_111).FullName;
        File.SetUnixFileMode(home, (UnixFileMode)0b111_111_111);
        var variables = new Dictionary<string, string?>
        {
            ["HOME"] = home,
            ["GATEWAY_Gateway__StateDirectory"] = Path.Combine(home, "state"),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            variables[name] = value;
        }

        return await RunningProgram.RunAsync(
            setpriv, ["--reuid=nobody", "--regid=nogroup", "--clear-groups", program, .. arguments], folder, variables);
    }

    private static void LetEveryoneRead(TestFolder folder) =>
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);

    private static string CopyProgram(string program, string target)
    {
        var source = Path.GetDirectoryName(program)!;
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }

        return Path.Combine(target, Path.GetFileName(program));
    }
}
