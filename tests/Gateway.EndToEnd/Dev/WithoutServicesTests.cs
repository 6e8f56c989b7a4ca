using System.Text.Json;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary><c>gateway dev</c> alone, in front of services that are not there.</summary>
[Collection(DevPorts.Collection)]
public sealed class WithoutServicesTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private GatewayProcess _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await GatewayProcess.DevAsync(_folder);

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ABrowserGetsAPageThatNamesTheServiceAndTheReason()
    {
        var answer = await GetAsync("text/html,application/xhtml+xml,*/*;q=0.8");

        Assert.Equal(502, (int)answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("http://127.0.0.1:3000", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AProgramGetsAProblemWhoseRequestIdStandsInTheLog()
    {
        var answer = await GetAsync("application/json");

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(502, problem.GetProperty("status").GetInt32());
        Assert.Contains("http://127.0.0.1:3000", problem.ToString(), StringComparison.Ordinal);
        var id = problem.GetProperty("requestId").GetString();
        await _gateway.Program.WaitForLineAsync(line => line.Contains($" 502 ", StringComparison.Ordinal) && line.EndsWith(id!, StringComparison.Ordinal));
    }

    [Fact]
    public void StartUpSaysWhatIsServedAndWhatIsMissing()
    {
        var said = _gateway.Program.Output.Text;

        Assert.Matches(@"gateway \d+\.\d+\.\d+ .*gateway\.json: valid", said);
        Assert.Matches(@"https://localhost:5443 +certificate of the local CA, expires \d{4}-\d\d-\d\d", said);
        Assert.Matches(@"http://localhost:5080 +redirects to https://localhost:5443", said);
        Assert.Matches(@"/api/\* +-> http://127\.0\.0\.1:5001 +down", said);
        Assert.Contains("does not trust the local CA yet", said, StringComparison.Ordinal);
        Assert.Contains("Open https://localhost:5443", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListensOnTheLoopbackOnly()
    {
        var listeners = await RunningProgram.RunAsync(Require.Tool("ss"), ["--tcp", "--listening", "--numeric", "--no-header"]);

        var own = listeners.Output.Split('\n').Where(line => line.Contains(":5443 ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(own);
        Assert.All(own, line => Assert.Matches(@" (127\.0\.0\.1|\[::1\]):5443 ", line));
    }

    private async Task<HttpResponseMessage> GetAsync(string accept)
    {
        using var client = _gateway.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
