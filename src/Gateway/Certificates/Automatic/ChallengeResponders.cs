using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>Brings answers to where the CA looks for them: the gateway's own endpoints, or DNS by the operator's hook.</summary>
internal sealed partial class ChallengeResponders(AcmeOptions options, OpenChallenges open, TimeProvider time, ILogger<ChallengeResponders> logger)
{
    // DNS providers are slow, and the hook has to wait until their servers have the record.
    private static readonly TimeSpan HookLimit = TimeSpan.FromMinutes(5);
    private static readonly Dictionary<string, string> NoEnvironment = [];

    public ChallengeResponder For(AcmeChallengeType type) => type == AcmeChallengeType.Dns01
        ? new ChallengeResponder((answer, token) => RunHookAsync("present", answer, token), CleanUpAsync)
        : new ChallengeResponder(
            (answer, _) =>
            {
                open.Publish(answer);
                return Task.CompletedTask;
            },
            (answer, _) =>
            {
                open.Unpublish(answer);
                return Task.CompletedTask;
            });

    private Task RunHookAsync(string verb, ChallengeAnswer answer, CancellationToken cancellationToken)
    {
        var hook = options.DnsHook ?? throw new NotConfiguredException("dns-01 needs Gateway:Acme:DnsHook, which is not set");
        return new HookCommand(hook, HookLimit, time).RunAsync([verb, answer.DnsName, answer.DnsValue], NoEnvironment, cancellationToken);
    }

    private async Task CleanUpAsync(ChallengeAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            await RunHookAsync("cleanup", answer, cancellationToken);
        }
        catch (HookException e)
        {
            LogLeftBehind(answer.DnsName, e.Message);
        }
    }

    [LoggerMessage(EventId = 311, Level = LogLevel.Warning, Message = "The TXT record {Name} may be left behind, which does no harm: {Reason}")]
    private partial void LogLeftBehind(string name, string reason);
}
