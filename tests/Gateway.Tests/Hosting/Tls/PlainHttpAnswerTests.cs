using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Hosting.Tls;

public sealed class PlainHttpAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody")]
    public async Task WhoForgetsTheSOfHttpsIsToldSo(string request)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET speaks TLS");
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));

        var answer = await AskAsync(gateway, request);

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Put https:// before the address.", answer, StringComparison.Ordinal);
        Assert.Contains("请在地址前加上 https://", answer, StringComparison.Ordinal);
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", answer, StringComparison.Ordinal);
    }

    // What is no HTTP either gets TLS's own answer, an alert, or none.
    [Fact]
    public async Task OthersAreNotTold()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET speaks TLS");
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));

        Assert.DoesNotContain("HTTP", await AskAsync(gateway, "EHLO mail.example.com\r\n"), StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(TestGateway gateway, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancel);
    }
}
