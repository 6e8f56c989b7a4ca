using System.Buffers.Binary;

namespace Backends.Video;

/// <summary>The size of a JPEG picture, read from its segments (ITU-T T.81, annex B).</summary>
internal readonly record struct JpegHeader(int Width, int Height)
{
    private const byte StartOfImage = 0xD8;
    private const byte StartOfScan = 0xDA;
    private static ReadOnlySpan<byte> EndOfImage => [0xFF, 0xD9];

    /// <summary>Null when it is a whole picture, else what is wrong with it.</summary>
    public static string? Read(ReadOnlySpan<byte> jpeg, out JpegHeader header)
    {
        header = default;
        if (jpeg.Length < 4 || jpeg[0] != 0xFF || jpeg[1] != StartOfImage)
        {
            return "it does not begin like a JPEG picture";
        }
        var rest = jpeg[2..];
        while (rest.Length >= 4)
        {
            if (rest[0] != 0xFF)
            {
                return "its segments do not follow each other";
            }
            var marker = rest[1];
            if (marker == 0xFF)
            {
                rest = rest[1..];
                continue;
            }
            if (marker is 0x01 or (>= 0xD0 and <= 0xD7))
            {
                rest = rest[2..];
                continue;
            }
            if (marker == StartOfScan)
            {
                return header == default ? "its picture data comes before its size"
                    : rest.LastIndexOf(EndOfImage) < 0 ? "it is cut off" : null;
            }
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length < 2 || length + 2 > rest.Length)
            {
                return "a segment reaches beyond its end";
            }
            if (IsStartOfFrame(marker))
            {
                if (length < 8)
                {
                    return "its frame header is too short";
                }
                header = new JpegHeader(BinaryPrimitives.ReadUInt16BigEndian(rest[7..]), BinaryPrimitives.ReadUInt16BigEndian(rest[5..]));
                if (header.Width == 0 || header.Height == 0)
                {
                    return "its width or height is 0";
                }
            }
            rest = rest[(length + 2)..];
        }
        return "it ends before its picture data";
    }

    // SOF0 to SOF15; the three gaps are Huffman tables, an extension and arithmetic conditioning.
    private static bool IsStartOfFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
