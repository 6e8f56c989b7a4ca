namespace Backends;

/// <summary>A folder of one request, private to this user and gone with the request.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backends-");

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A killed child may still hold a file for a moment (Windows); the system clears its temporary folder.
        }
    }
}
