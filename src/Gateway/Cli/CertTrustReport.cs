using System.CommandLine;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>Changes every trust store and says for each what was done or what is left for the user to do.</summary>
internal static class CertTrustReport
{
    /// <returns>0 when nothing is left to do, else 1.</returns>
    public static int Apply(
        CertContext context,
        TrustAnchor anchor,
        Func<ITrustStore, TrustAnchor, TrustOutcome> change,
        string command,
        InvocationConfiguration console)
    {
        var user = context.SudoUser;
        var outcomes = new List<TrustOutcome>();
        foreach (var store in context.TrustStores(context.Home))
        {
            // Root would leave files in the user's home that the user's browser cannot open.
            var outcome = user is not null && store is NssDatabase
                ? new TrustOutcome(TrustStatus.Skipped, $"left to user {user.Name}: run `{command}` without sudo for it")
                : Apply(() => change(store, anchor));
            outcomes.Add(outcome);
            console.Output.WriteLine($"{Mark(outcome.Status)} {store.Name}: {outcome.Message}");
        }

        var commands = outcomes.SelectMany(outcome => outcome.Commands).Distinct().ToList();
        if (commands.Count > 0)
        {
            console.Output.WriteLine();
            console.Output.WriteLine("To finish, run:");
            commands.ForEach(line => console.Output.WriteLine("  " + line));
        }

        var done = outcomes.Exists(outcome => outcome.Status is TrustStatus.Done or TrustStatus.Unchanged);
        var left = outcomes.Exists(outcome => outcome.Status is TrustStatus.NeedsRights or TrustStatus.Failed);
        return done && !left ? 0 : 1;
    }

    private static TrustOutcome Apply(Func<TrustOutcome> change)
    {
        try
        {
            return change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new TrustOutcome(TrustStatus.Failed, e.Message);
        }
    }

    private static string Mark(TrustStatus status) => status switch
    {
        TrustStatus.Done or TrustStatus.Unchanged => "[ok]     ",
        TrustStatus.Skipped => "[skipped]",
        _ => "[to do]  ",
    };
}
