namespace Gateway.Platform;

/// <summary>The System keychain of macOS, which Safari, Chrome and curl go by.</summary>
internal sealed class MacKeychain : ITrustStore
{
    private const string Keychain = "/Library/Keychains/System.keychain";

    public string Name => "the System keychain (Safari, Chrome, curl)";

    public bool Contains(TrustAnchor anchor) =>
        ExternalCommand.Run("security", "verify-cert", "-L", "-c", anchor.Path) is { Succeeded: true };

    public TrustOutcome Install(TrustAnchor anchor) =>
        Contains(anchor)
            ? new TrustOutcome(TrustStatus.Unchanged, "already trusted")
            : Apply("added and marked as trusted", ["add-trusted-cert", "-d", "-r", "trustRoot", "-k", Keychain, anchor.Path]);

    public TrustOutcome Remove(TrustAnchor anchor) =>
        Contains(anchor)
            ? Apply(
                "removed",
                ["remove-trusted-cert", "-d", anchor.Path],
                ["delete-certificate", "-Z", anchor.Certificate.Thumbprint, Keychain])
            : new TrustOutcome(TrustStatus.Unchanged, "was not there");

    private static TrustOutcome Apply(string done, params string[][] commands)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new TrustOutcome(
                TrustStatus.NeedsRights,
                "only an administrator may change it",
                [.. commands.Select(command => ExternalCommand.ForShell(["sudo", "security", .. command]))]);
        }

        foreach (var command in commands)
        {
            var result = ExternalCommand.Run("security", command);
            if (result is not { Succeeded: true })
            {
                var complaint = result?.Complaint ?? "there is no such program";
                return new TrustOutcome(TrustStatus.Failed, $"security {command[0]} failed: {complaint}");
            }
        }

        return new TrustOutcome(TrustStatus.Done, done);
    }
}
