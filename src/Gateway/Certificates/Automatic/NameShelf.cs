using System.Security.Cryptography;
using System.Text;
using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>Brings names in memory and on the disk together.</summary>
internal sealed partial class NameShelf(
    AcmeOptions options, AcmeFolder folder, CertificateStore store, NameStates states, TimeProvider time, ILogger<NameShelf> logger)
{
    private readonly string _configuration = Digest(options);

    /// <summary>Reads all that there is about a name; what cannot be read now is tried again later.</summary>
    public ManagedName Open(AcmeIdentifier identifier)
    {
        var name = new ManagedName(identifier, new NameLock(folder.NameLock(identifier), time), new NameState { Name = identifier.Value });
        TakeUp(name);
        return name;
    }

    /// <summary>Goes on with a name that other options were in force for until now. Its certificate serves on until one of the CAs that
    /// are configured now has given another.</summary>
    /// <returns>Whether there is another certificate.</returns>
    public bool TakeUp(ManagedName name)
    {
        var identifier = name.Identifier;
        name.WasToldOfClamping = false;
        try
        {
            name.State = states.Read(identifier);
            if (name.State.Configuration != _configuration)
            {
                // The operator has changed something that may be what was wrong.
                Save(name, name.State with
                {
                    Configuration = _configuration,
                    Failures = 0,
                    NextAttempt = null,
                    NextReason = null,
                    HoldUntil = new Dictionary<string, DateTimeOffset>(),
                });
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(e, identifier.Value, folder.StateDirectory);
        }

        if (name.CurrentIssuer is not null && options.Issuers.All(issuer => issuer.DirectoryUrl != name.CurrentIssuer))
        {
            name.Outlive();
        }

        return ReadCertificate(name);
    }

    /// <summary>Takes over what another process may have done.</summary>
    /// <returns>Whether there is another certificate.</returns>
    public bool Refresh(ManagedName name)
    {
        name.State = states.Read(name.Identifier) with { Configuration = _configuration };
        return ReadCertificate(name);
    }

    /// <summary>The same, unless the files are as they were.</summary>
    public bool RefreshIfChanged(ManagedName name) => !Stamps(name).SequenceEqual(name.Stamps) && Refresh(name);

    /// <summary>Keeps the state, with the plan in it, if it is another.</summary>
    /// <exception cref="IOException">It cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be kept.</exception>
    public void Save(ManagedName name, NameState state)
    {
        if (state != name.State)
        {
            states.Write(name.Identifier, state);
            name.State = state;
        }
    }

    /// <summary>Writes down when the name is to be renewed.</summary>
    public void SavePlan(ManagedName name)
    {
        var plan = name.Plan(options.RenewDaysInAdvance, time.GetUtcNow());
        if (name.Current is not null && name.State.NextAttempt != plan.At)
        {
            Save(name, name.State with { NextAttempt = plan.At, NextReason = plan.Why });
        }
    }

    // Only what the configured CAs gave: staging's certificates lie elsewhere.
    private bool ReadCertificate(ManagedName name)
    {
        name.Stamps = Stamps(name);
        var best = options.Issuers
            .Select(issuer => (Issuer: issuer.DirectoryUrl, Certificate: store.Read(issuer.DirectoryUrl, name.Identifier)))
            .Where(found => found.Certificate is not null)
            .OrderByDescending(found => found.Certificate!.NotAfter)
            .FirstOrDefault();
        return best.Certificate is not null && name.Take(best.Certificate, best.Issuer);
    }

    private FileStamp[] Stamps(ManagedName name) => [.. options.Issuers.Select(issuer => store.Stamp(issuer.DirectoryUrl, name.Identifier))];

    private static string Digest(AcmeOptions options)
    {
        var text = string.Join('\n', options.Issuers.Select(issuer => $"{issuer.DirectoryUrl} {issuer.EabCredentials?.KeyId} {string.Join(' ', issuer.TrustedRoots)}")
            .Concat(options.ChallengeTypes.Select(type => type.ToString()))
            .Append(options.EmailAddress).Append(options.DnsHook).Append(options.Profile).Append(options.KeyAlgorithm));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    [LoggerMessage(EventId = 391, Level = LogLevel.Error, Message = "What is stored about {Name} cannot be read or written; nothing is ordered until {StateDirectory} is a folder of the gateway's user with room in it")]
    private partial void LogUnreadable(Exception cause, string name, string stateDirectory);
}
