using System.Globalization;

namespace Bench.Load;

/// <summary>What a load is told: `calls --port 8443 --ca ca.pem --connections 100 --warmup 3 --seconds 8`.</summary>
internal sealed record LoadOptions
{
    public required int Port { get; init; }

    /// <summary>The proxies' certificate, the only one that is trusted.</summary>
    public required string CertificatePath { get; init; }

    public int Connections { get; init; } = 1;

    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(1);

    public static LoadOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new LoadOptions { Port = 0, CertificatePath = "" };
        for (; arguments.Length > 1; arguments = arguments[2..])
        {
            var value = arguments[1];
            options = arguments[0] switch
            {
                "--port" => options with { Port = int.Parse(value, CultureInfo.InvariantCulture) },
                "--ca" => options with { CertificatePath = value },
                "--connections" => options with { Connections = int.Parse(value, CultureInfo.InvariantCulture) },
                "--warmup" => options with { Warmup = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--seconds" => options with { Steady = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture)) },
                var name => throw new ArgumentException($"'{name}' is no option of a load"),
            };
        }

        return options;
    }
}
