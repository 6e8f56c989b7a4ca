using System.Net;
using System.Net.Sockets;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Phone;

namespace Gateway.Hosting;

/// <summary>What `gateway dev --lan` says to who holds a phone.</summary>
internal static class PhoneInvitation
{
    public static void Write(TextWriter output, GatewayConfiguration configuration, LocalNames names, PhoneSetup phone, string openAddress)
    {
        var addresses = names.Addresses.Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)).Select(a => a.ToString()).ToArray();
        string[] hosts = [.. addresses, LocalNames.MachineName + ".local"];
        foreach (var host in hosts)
        {
            output.WriteLine($"  or, from other machines, {openAddress.Replace("localhost", host, StringComparison.Ordinal)}");
        }

        if (configuration.Endpoints.FirstOrDefault(e => !e.IsHttps) is not { } http)
        {
            return;
        }

        var setup = hosts.Select(host => $"http://{host}:{http.Port}{PhoneSetup.SetupPath}").ToArray();
        output.WriteLine();
        output.WriteLine("  On a phone or another machine, scan this; it installs the local CA there and tests microphone, camera and WebSocket.");
        output.WriteLine($"  Or open {string.Join(" or ", setup)}");
        output.WriteLine();
        var coloured = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
        foreach (var line in QrBlocks.Lines(setup[0], coloured))
        {
            output.WriteLine("  " + line);
        }

        output.WriteLine();
        output.WriteLine("  The CA's SHA-256 fingerprint, to compare with what the device shows:");
        output.WriteLine($"  {phone.Fingerprint}");
        if (addresses.Length == 0)
        {
            output.WriteLine("  This machine has no private address: it is on no network that a phone could share.");
        }
    }
}
