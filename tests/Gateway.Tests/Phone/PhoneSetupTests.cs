using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using System.Xml.Linq;
using Gateway.Certificates;
using Gateway.Hosting;
using Gateway.Phone;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Phone;

/// <summary>The pages that bring the local CA to a phone and try whether all works there.</summary>
public sealed class PhoneSetupTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StringWriter _terminal = new();
    private readonly LocalAuthority _authority;

    public PhoneSetupTests() => _authority = LocalAuthority.OpenOrCreate(_folder["state"], TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _terminal.Dispose();
        _folder.Dispose();
    }

    private GatewayFactory Start(string address, string peer = "192.168.1.33") => new(
        TestConfiguration.ForService(address).WithEndpoint("https", "https://*:5443"), HostMode.Dev)
    {
        Peer = IPAddress.Parse(peer),
        Phone = new PhoneSetup(_authority.Anchor, _terminal),
    };

    private static async Task<(HttpResponseMessage Response, string Text)> AskAsync(GatewayFactory gateway, string url, string language = "en", HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, url) { Content = body };
        request.Headers.AcceptLanguage.ParseAdd(language);
        var response = await gateway.CreateClient(new() { AllowAutoRedirect = false }).SendAsync(request, Cancellation);
        return (response, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("en", "<html lang=\"en\">")]
    [InlineData("zh-CN", "<html lang=\"zh-CN\">")]
    public async Task TheSetupPageHasTheFingerprintAndLeadsToTheTest(string language, string expected)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = Start(service.Address);

        var (response, text) = await AskAsync(gateway, "http://192.168.1.20/phone", language);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Contains(_authority.Root.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), text.Replace(":", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("href=\"https://192.168.1.20:5443/.gateway/phone\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProfileHoldsTheCaAndReplacesItself()
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        await using var gateway = Start(service.Address);

        var (response, text) = await AskAsync(gateway, "http://192.168.1.20/phone/ca.mobileconfig");
        var (_, again) = await AskAsync(gateway, "http://192.168.1.20/phone/ca.mobileconfig");

        Assert.Equal("application/x-apple-aspen-config", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(text, again);
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        var profile = XDocument.Load(reader).Root!.Element("dict")!;
        Assert.Equal("Configuration", Value(profile, "PayloadType").Value);
        var payload = Value(profile, "PayloadContent").Element("dict")!;
        Assert.Equal("com.apple.security.root", Value(payload, "PayloadType").Value);
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(Value(payload, "PayloadContent").Value));
        Assert.Equal(_authority.Root.Thumbprint, certificate.Thumbprint);
        Assert.False(certificate.HasPrivateKey);
        Assert.NotEqual(Guid.Parse(Value(profile, "PayloadUUID").Value), Guid.Parse(Value(payload, "PayloadUUID").Value));
    }

    private static XElement Value(XElement dictionary, string key) =>
        dictionary.Elements("key").Single(element => element.Value == key).ElementsAfterSelf().First();

    [Fact]
    public async Task TheCertificateIsThereInPem()
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        await using var gateway = Start(service.Address);

        var (response, text) = await AskAsync(gateway, "http://192.168.1.20/phone/ca.crt");

        Assert.Equal("application/x-x509-ca-cert", response.Content.Headers.ContentType?.MediaType);
        using var certificate = X509Certificate2.CreateFromPem(text);
        Assert.Equal(_authority.Root.Thumbprint, certificate.Thumbprint);
        Assert.DoesNotContain("PRIVATE", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://192.168.1.20/phones", HttpStatusCode.PermanentRedirect)]
    [InlineData("http://192.168.1.20/", HttpStatusCode.PermanentRedirect)]
    [InlineData("http://192.168.1.20/phone/ca.key", HttpStatusCode.NotFound)]
    [InlineData("https://192.168.1.20/phone", HttpStatusCode.OK)]
    [InlineData("https://192.168.1.20/.gateway/phone/other", HttpStatusCode.NotFound)]
    public async Task EverythingElseGoesItsWay(string url, HttpStatusCode expected)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = Start(service.Address);

        var (response, text) = await AskAsync(gateway, url);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, text == "the service");
    }

    [Fact]
    public async Task NobodyFromOutsideSeesIt()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = Start(service.Address, peer: "203.0.113.9");

        Assert.Equal(HttpStatusCode.PermanentRedirect, (await AskAsync(gateway, "http://192.168.1.20/phone")).Response.StatusCode);
        Assert.Equal("the service", (await AskAsync(gateway, "https://192.168.1.20/.gateway/phone")).Text);
    }

    [Fact]
    public async Task WhatThePhoneFindsOutStandsInTheTerminal()
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        await using var gateway = Start(service.Address);
        static HttpContent Json(string text) => new StringContent(text, MediaTypeHeaderValue.Parse("text/plain"));
        const string Report = "https://192.168.1.20/.gateway/phone/report";

        await AskAsync(gateway, Report, body: Json("""{"check":"camera","ok":true,"detail":null,"device":"iPhone"}"""));
        await AskAsync(gateway, Report, body: Json("""{"check":"microphone","ok":false,"detail":"NotAllowed\u001b[31mError","device":"iPhone"}"""));
        var (nonsense, _) = await AskAsync(gateway, Report, body: Json("""{"check":"rm -rf","ok":true}"""));
        var (broken, _) = await AskAsync(gateway, Report, body: Json("{"));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (nonsense.StatusCode, broken.StatusCode));
        Assert.Equal(
            ["phone 192.168.1.33 (iPhone)  [ok]      camera", "phone 192.168.1.33 (iPhone)  [failed]  microphone: NotAllowed[31mError"],
            _terminal.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task TheWebSocketOfTheTestAnswers(string version)
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address), phone: new PhoneSetup(_authority.Anchor, _terminal));
        using var socket = await gateway.ConnectWebSocketAsync("/.gateway/phone/echo", Version.Parse(version), Cancellation);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[10];
        var answer = await socket.ReceiveAsync(buffer, Cancellation);

        Assert.Equal("hello"u8, buffer.AsSpan(0, answer.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }

    [Fact]
    public void TheCodeIsSquareWithAQuietZone()
    {
        var lines = QrBlocks.Lines("http://192.168.1.20:5080/phone", coloured: false);

        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
        Assert.InRange(lines.Count * 2, lines[0].Length, lines[0].Length + 1);
        Assert.Equal(new string('█', lines[0].Length), lines[0]);
        Assert.All(QrBlocks.Lines("x", coloured: true), line => Assert.StartsWith("\e[97;40m", line, StringComparison.Ordinal));
    }
}
