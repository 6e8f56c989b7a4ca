namespace Gateway.EndToEnd.Harness;

/// <summary>A folder of one test: the home and the state of the programs that it starts, gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-e2e-");

    public TestFolder()
    {
        Directory.CreateDirectory(Home);
        Directory.CreateDirectory(State);
    }

    public string Path => _folder.FullName;

    public string Home => this["home"];

    public string State => this["state"];

    /// <summary>The root of the local authority whose state is here.</summary>
    public string CaPath => this["state/local-ca/ca.crt"];

    /// <summary>The full path of a name in this folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        var path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A program that was killed just now may still have written a last file.
        }
    }
}
