using System.Text;
using QRCoder;

namespace Gateway.Phone;

/// <summary>A QR code for a terminal: two modules a character, so that they come out square.</summary>
internal static class QrBlocks
{
    // White on black whatever the terminal's own colours are: cameras want dark modules on a light ground.
    private const string Colours = "\e[97;40m";
    private const string Plain = "\e[0m";

    /// <param name="text">What the code says.</param>
    /// <param name="coloured">False where escape sequences would be seen as text; then the code is right on dark terminals.</param>
    public static IReadOnlyList<string> Lines(string text, bool coloured)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var modules = code.ModuleMatrix;
        var lines = new List<string>();
        for (var row = 0; row < modules.Count; row += 2)
        {
            var line = new StringBuilder();
            for (var column = 0; column < modules.Count; column++)
            {
                var (above, below) = (modules[row][column], row + 1 < modules.Count && modules[row + 1][column]);
                line.Append((above, below) switch
                {
                    (false, false) => '█',
                    (false, true) => '▀',
                    (true, false) => '▄',
                    _ => ' ',
                });
            }

            lines.Add(coloured ? Colours + line + Plain : line.ToString());
        }

        return lines;
    }
}
