using Gateway.Certificates;
using Gateway.Platform;

namespace Gateway.Tests.Cli;

public sealed class CertTrustCommandTests : IDisposable
{
    private readonly CertConsole _console = new();

    private string RootPath => LocalAuthority.RootPathIn(_console.StateDirectory);

    public void Dispose() => _console.Dispose();

    [Fact]
    public void MakesTheAuthorityAndTrustsIt()
    {
        var store = new OneStore();
        _console.Stores.Add(store);
        Assert.Equal(0, _console.Run("trust"));
        Assert.Equal(LocalAuthority.TryOpen(_console.StateDirectory, TimeProvider.System)!.Root.Thumbprint, store.Trusted);
        Assert.Contains("[ok]      a store: added", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"verify=\"{RootPath}\"", _console.Output, StringComparison.Ordinal);
        Assert.Contains("A phone or another machine", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysThatItIsAlreadyTrusted()
    {
        _console.Stores.Add(new OneStore());
        _console.Run("trust");
        Assert.Equal(0, _console.Run("trust"));
        Assert.Contains("[ok]      a store: already trusted", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void PrintsWhatToRunWhenItLacksTheRights()
    {
        _console.Stores.AddRange([new OneStore(), new FixedStore(new TrustOutcome(TrustStatus.NeedsRights, "only root may", "sudo x", "sudo y"))]);
        Assert.Equal(1, _console.Run("trust"));
        Assert.Contains("[to do]   fixed: only root may", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"To finish, run:{Environment.NewLine}  sudo x{Environment.NewLine}  sudo y", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoreThatIsNotInUseDoesNotMakeItAFailure()
    {
        _console.Stores.AddRange([new OneStore(), new FixedStore(new TrustOutcome(TrustStatus.Skipped, "no certutil", "sudo apt-get install libnss3-tools"))]);
        Assert.Equal(0, _console.Run("trust"));
        Assert.Contains("  sudo apt-get install libnss3-tools", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ItIsAFailureWhenNothingCouldBeDone()
    {
        _console.Stores.Add(new FixedStore(new TrustOutcome(TrustStatus.Skipped, "no certutil")));
        Assert.Equal(1, _console.Run("trust"));
    }

    [Fact]
    public void AStoreThatCannotBeWrittenDoesNotKeepTheOthersBack()
    {
        var store = new OneStore();
        _console.Stores.AddRange([new NssDatabase(_console.Home.Write("file", "") + "/nssdb", "Chromium"), store]);
        Assert.Equal(1, _console.Run("trust"));
        Assert.Contains("[to do]   Chromium", _console.Output, StringComparison.Ordinal);
        Assert.NotNull(store.Trusted);
    }

    [Fact]
    public void ADamagedAuthorityIsExplained()
    {
        _console.Run("trust");
        File.WriteAllText(RootPath, "");
        Assert.Equal(1, _console.Run("trust"));
        Assert.Contains("is damaged", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void UntrustReversesTrustEvenWhenTheKeyIsLost()
    {
        var store = new OneStore();
        _console.Stores.Add(store);
        _console.Run("trust");
        File.Delete(Path.ChangeExtension(RootPath, ".key"));
        Assert.Equal(0, _console.Run("untrust"));
        Assert.Null(store.Trusted);
        Assert.True(File.Exists(RootPath));
    }

    [Fact]
    public void UntrustWithoutAuthorityHasNothingToDo()
    {
        Assert.Equal(0, _console.Run("untrust"));
        Assert.Contains("nothing to take out", _console.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_console.StateDirectory));
    }

    private sealed class OneStore : ITrustStore
    {
        public string? Trusted { get; private set; }

        public string Name => "a store";

        public bool Contains(TrustAnchor anchor) => Trusted == anchor.Certificate.Thumbprint;

        public TrustOutcome Install(TrustAnchor anchor)
        {
            var status = Contains(anchor) ? TrustStatus.Unchanged : TrustStatus.Done;
            Trusted = anchor.Certificate.Thumbprint;
            return new TrustOutcome(status, status == TrustStatus.Done ? "added" : "already trusted");
        }

        public TrustOutcome Remove(TrustAnchor anchor)
        {
            Trusted = null;
            return new TrustOutcome(TrustStatus.Done, "removed");
        }
    }

    private sealed class FixedStore(TrustOutcome outcome) : ITrustStore
    {
        public string Name => "fixed";

        public bool Contains(TrustAnchor anchor) => false;

        public TrustOutcome Install(TrustAnchor anchor) => outcome;

        public TrustOutcome Remove(TrustAnchor anchor) => outcome;
    }
}
