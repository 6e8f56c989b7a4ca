using System.CommandLine;

namespace Gateway.Cli;

/// <summary>`gateway cert`: certificates on this machine.</summary>
internal static class CertCommand
{
    public static Command Create() => Create(CertContext.OfThisProcess());

    public static Command Create(CertContext context) => new("cert", "Show, renew, revoke, make and trust certificates.")
    {
        CertCreateCommand.Create(context),
        CertTrustCommand.Create(context),
        CertUntrustCommand.Create(context),
        CertShowCommand.Create(context),
        CertRenewCommand.Create(context),
        CertRevokeCommand.Create(context),
        CertRolloverCommand.Create(context),
    };

    public static Option<FileInfo> ConfigOption() => new("--config")
    {
        Description = "The configuration file; its Gateway:StateDirectory is where certificates are kept.",
        HelpName = "FILE",
        DefaultValueFactory = _ => new FileInfo("gateway.json"),
    };
}
