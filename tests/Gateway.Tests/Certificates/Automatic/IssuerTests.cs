using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class IssuerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ACaThatIsKeptBusyHoldsUpNoOther()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var busy = Create("https://one.example/directory");
        using var other = Create("https://two.example/directory");
        var turns = new List<IDisposable>();
        for (var i = 0; i < Issuer.OrdersAtATime; i++)
        {
            turns.Add(await busy.TakeTurnAsync(cancellation));
        }

        var next = busy.TakeTurnAsync(cancellation);
        using (await other.TakeTurnAsync(cancellation))
        {
            Assert.False(next.IsCompleted);
        }

        turns[0].Dispose();
        using (await next)
        {
        }
    }

    private Issuer Create(string directory) => new(
        new AcmeIssuerOptions(new Uri(directory)),
        null,
        new AcmeFolder(_folder.Path),
        new StateFiles(DiskSteps.Real, TimeProvider.System, NullLogger<StateFiles>.Instance),
        TimeProvider.System);
}
