namespace Gateway.EndToEnd.Harness;

/// <summary><c>gateway cert trust</c> for the home of one test.</summary>
internal static class Trust
{
    /// <summary>
    /// Root's <c>cert trust</c> changes the machine's trust store as well; it gets a copy of that, which is gone with the process.
    /// </summary>
    private const string WithCopyOfTheSystemStore = """
        set -e
        copy=$1; shift
        mkdir -p "$copy/local" "$copy/etc"
        cp -a /etc/ssl/certs/. "$copy/etc"
        cp -a /usr/local/share/ca-certificates/. "$copy/local"
        mount --bind "$copy/local" /usr/local/share/ca-certificates
        mount --bind "$copy/etc" /etc/ssl/certs
        exec "$@"
        """;

    public static Task<ProgramResult> InstallAsync(TestFolder folder)
    {
        Require.Tool("certutil");
        string[] trust = [Repository.Gateway, "cert", "trust"];
        return Environment.IsPrivilegedProcess
            ? RunningProgram.RunAsync(
                "unshare", ["--mount", "sh", "-c", WithCopyOfTheSystemStore, "sh", folder["system-store"], .. trust], folder)
            : RunningProgram.RunAsync(trust[0], trust[1..], folder);
    }
}
