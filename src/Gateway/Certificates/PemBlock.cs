using System.Security.Cryptography;

namespace Gateway.Certificates;

/// <summary>One "-----BEGIN label-----" block of a PEM file.</summary>
internal sealed record PemBlock(string Label, byte[] Content)
{
    private const string Begin = "-----BEGIN ";

    public static bool IsPem(string text) => text.Contains(Begin, StringComparison.Ordinal);

    /// <summary>All blocks of a file. False when one of them is damaged or cut off, as in a file that is half written.</summary>
    public static bool TryParse(string text, out List<PemBlock> blocks)
    {
        blocks = [];
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[..fields.Location.Start].Contains(Begin, StringComparison.Ordinal))
            {
                return false;
            }

            blocks.Add(new PemBlock(rest[fields.Label].ToString(), Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            rest = rest[fields.Location.End..];
        }

        return !rest.Contains(Begin, StringComparison.Ordinal);
    }
}
