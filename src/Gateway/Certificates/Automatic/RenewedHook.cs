using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>Runs Gateway:Acme:OnRenewed, so that other programs can take up the certificate. Its failure changes nothing here.</summary>
internal sealed partial class RenewedHook(AcmeOptions options, AcmeFolder folder, TimeProvider time, ILogger<RenewedHook> logger) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // One at a time: scripts that reload a server are not written for company.
    private readonly SemaphoreSlim _running = new(1);

    public async Task RunAsync(ManagedName name, CancellationToken cancellationToken)
    {
        if (options.OnRenewed is not { } command || name is not { Current: { } certificate, CurrentIssuer: { } issuer })
        {
            return;
        }

        // The first name is certbot's, for whose hooks there are scripts enough; key and certificate are in one file.
        var path = folder.Certificate(issuer, name.Identifier);
        var environment = new Dictionary<string, string>
        {
            ["RENEWED_DOMAINS"] = string.Join(' ', certificate.Names),
            ["RENEWED_CERTIFICATE"] = path,
            ["RENEWED_KEY"] = path,
        };
        await _running.WaitAsync(cancellationToken);
        try
        {
            await new HookCommand(command, Limit, time).RunAsync([], environment, cancellationToken);
            LogRan(command, name.Identifier.Value);
        }
        catch (HookException e)
        {
            LogFailed(name.Identifier.Value, Sentence.Of(e.Message));
        }
        finally
        {
            _running.Release();
        }
    }

    public void Dispose() => _running.Dispose();

    [LoggerMessage(EventId = 341, Level = LogLevel.Information, Message = "{Command} was told of the new certificate for {Name}")]
    private partial void LogRan(string command, string name);

    [LoggerMessage(EventId = 342, Level = LogLevel.Error, Message = "The new certificate for {Name} is served, but OnRenewed failed: {Error} What it should have told still has the old certificate")]
    private partial void LogFailed(string name, string error);
}
