using System.Globalization;
using System.Text;

namespace Gateway.Certificates;

/// <summary>Brings host names to the one form that certificates use: A-labels, lower case, no trailing dot.</summary>
internal static class ServerName
{
    private static readonly IdnMapping Idn = new();

    /// <summary>Null when the text cannot be a host name.</summary>
    public static string? Normalize(string name)
    {
        var lower = (name.EndsWith('.') ? name[..^1] : name).ToLowerInvariant();
        if (lower.Length == 0)
        {
            return null;
        }

        if (Ascii.IsValid(lower))
        {
            return lower;
        }

        // SslStream hands out the server name decoded to Unicode, although A-labels travel on the wire.
        try
        {
            return Idn.GetAscii(lower);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
