using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Certificates;

/// <summary>How whoever manages a certificate puts a new one in the place of the old.</summary>
public enum Replacement
{
    /// <summary>A new file takes the old one's name.</summary>
    Rename,

    /// <summary>The old file is emptied and written again, as <c>cp</c> does.</summary>
    TruncateAndWrite,

    /// <summary>The names are symbolic links, which are made to point elsewhere, as certbot does.</summary>
    SymbolicLink,
}

/// <summary>A certificate's two files.</summary>
internal sealed class PemFiles(TestFolder folder, Replacement replacement)
{
    private int _version;

    public string CertificatePath => folder["live/fullchain.pem"];

    public string KeyPath => folder["live/privkey.pem"];

    public void Write(PemPair pair)
    {
        _version++;
        Directory.CreateDirectory(folder["live"]);
        Replace(KeyPath, pair.Key);
        Replace(CertificatePath, pair.Certificate);
    }

    private void Replace(string path, string text)
    {
        switch (replacement)
        {
            case Replacement.Rename:
                File.WriteAllText(path + ".new", text);
                File.Move(path + ".new", path, overwrite: true);
                break;
            case Replacement.TruncateAndWrite:
                File.WriteAllText(path, text);
                break;
            case Replacement.SymbolicLink:
                var name = $"{Path.GetFileNameWithoutExtension(path)}{_version}.pem";
                folder.Write($"archive/{name}", text);
                File.Delete(path);
                File.CreateSymbolicLink(path, $"../archive/{name}");
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
