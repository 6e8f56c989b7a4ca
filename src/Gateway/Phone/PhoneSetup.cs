using System.Buffers;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;

namespace Gateway.Phone;

/// <summary>
/// `gateway dev --lan`: a page over plain HTTP that brings the local CA to a phone, and one over HTTPS that tries whether all works
/// there. For this machine's own networks only.
/// </summary>
/// <param name="anchor">The local CA.</param>
/// <param name="output">The operator's terminal.</param>
internal sealed class PhoneSetup(TrustAnchor anchor, TextWriter output)
{
    /// <summary>On the http endpoints, where everything else is redirected.</summary>
    public const string SetupPath = "/phone";

    /// <summary>On the https endpoints, where the services have all other paths.</summary>
    public const string TestPath = "/.gateway/phone";

    private const int LargestReport = 1024;
    private const int LargestEcho = 4096;
    private const int MostEchoes = 20;

    /// <summary>As a phone shows it when it is asked to trust the CA.</summary>
    public string Fingerprint => string.Join(':', Convert.ToHexString(anchor.Certificate.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256)).Chunk(2).Select(pair => new string(pair)));

    /// <summary>Puts the pages before the redirect.</summary>
    public void Use(IApplicationBuilder app)
    {
        app.UseWhen(context => !context.Request.IsHttps && IsOurs(context, SetupPath), setup => setup.Run(AnswerSetupAsync));
        app.UseWhen(context => context.Request.IsHttps && IsOurs(context, TestPath), test =>
        {
            // The log's tunnel is for services; these WebSockets end here.
            test.Use((context, next) =>
            {
                WebSocketTunnel.Of(context)?.Detach();
                return next(context);
            });
            test.UseWebSockets();
            test.Run(AnswerTestAsync);
        });
    }

    private static bool IsOurs(HttpContext context, string path) =>
        context.Request.Path.StartsWithSegments(path) && Client(context) is { } client && LocalAuthority.IsPrivate(client);

    private static System.Net.IPAddress? Client(HttpContext context) =>
        context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;

    private Task AnswerSetupAsync(HttpContext context)
    {
        var response = context.Response;
        switch (context.Request.Path.Value!.TrimEnd('/')[SetupPath.Length..])
        {
            case "":
                return PhonePage.WriteAsync(
                    context, PhonePage.Setup, ("fingerprint", Fingerprint), ("name", anchor.Label), ("file", anchor.FileName + ".crt"), ("test", TestAddress(context)));
            case "/ca.mobileconfig":
                response.ContentType = MobileConfig.ContentType;
                response.Headers.ContentDisposition = $"attachment; filename=\"{anchor.FileName}.mobileconfig\"";
                return response.WriteAsync(MobileConfig.For(anchor), context.RequestAborted);
            case "/ca.crt":
                response.ContentType = "application/x-x509-ca-cert";
                response.Headers.ContentDisposition = $"attachment; filename=\"{anchor.FileName}.crt\"";
                return response.WriteAsync(anchor.Certificate.ExportCertificatePem() + "\n", context.RequestAborted);
            default:
                Refusal.Set(context, StatusCodes.Status404NotFound);
                return Task.CompletedTask;
        }
    }

    private static string TestAddress(HttpContext context)
    {
        var port = context.RequestServices.GetRequiredService<CurrentConfiguration>().Value.RedirectPort ?? 443;
        return $"https://{new HostString(context.Request.Host.Host, port)}{TestPath}";
    }

    private Task AnswerTestAsync(HttpContext context) => (context.Request.Path.Value!.TrimEnd('/')[TestPath.Length..], context.Request.Method) switch
    {
        ("", _) => PhonePage.WriteAsync(context, PhonePage.Test),
        ("/report", "POST") => TakeReportAsync(context),
        ("/echo", _) when context.WebSockets.IsWebSocketRequest => EchoAsync(context),
        _ => Missing(context),
    };

    private static Task Missing(HttpContext context)
    {
        Refusal.Set(context, StatusCodes.Status404NotFound);
        return Task.CompletedTask;
    }

    private async Task TakeReportAsync(HttpContext context)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LargestReport);
        try
        {
            var length = await context.Request.Body.ReadAtLeastAsync(buffer.AsMemory(0, LargestReport), LargestReport, throwOnEndOfStream: false, context.RequestAborted);
            if (PhoneReport.TryParse(buffer.AsSpan(0, length)) is { } report)
            {
                await output.WriteLineAsync(report.Line(Client(context)));
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            }
            else
            {
                Refusal.Set(context, StatusCodes.Status400BadRequest);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[LargestEcho];
        for (var i = 0; i < MostEchoes && socket.State == WebSocketState.Open; i++)
        {
            var message = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (message.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    }
}
