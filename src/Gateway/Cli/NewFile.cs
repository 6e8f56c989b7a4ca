namespace Gateway.Cli;

/// <summary>Writes what a verb has made.</summary>
internal static class NewFile
{
    /// <returns>False when it could not be written, which has then been said.</returns>
    public static bool TryWrite(string path, string text, TextWriter error)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            File.WriteAllText(path, text);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{path} could not be written: {e.Message}");
            return false;
        }
    }
}
