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

    public static Task<ProgramResult> InstallAsync(TestFolder folder) => CertAsync("trust", folder);

    public static Task<ProgramResult> RemoveAsync(TestFolder folder) => CertAsync("untrust", folder);

    private static Task<ProgramResult> CertAsync(string verb, TestFolder folder)
    {
        Require.Tool("certutil");
        string[] command = [Repository.Gateway, "cert", verb];
        return Environment.IsPrivilegedProcess
            ? RunningProgram.RunAsync(
                "unshare", ["--mount", "sh", "-c", WithCopyOfTheSystemStore, "sh", folder["system-store"], .. command], folder)
            : RunningProgram.RunAsync(command[0], command[1..], folder);
    }
}
