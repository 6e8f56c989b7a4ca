namespace Gateway.Tests.Backends.Video;

internal static class Pictures
{
    /// <summary>The segments of a JPEG picture: application data, tables, size, scan, end.</summary>
    public static byte[] Jpeg(int width, int height) =>
    [
        0xFF, 0xD8,
        0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0,
        0xFF, 0xFF, 0xC4, 0, 4, 0, 0,
        0xFF, 0xC0, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0,
        0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
        1, 2, 3, 0xFF, 0, 4,
        0xFF, 0xD9,
    ];
}
