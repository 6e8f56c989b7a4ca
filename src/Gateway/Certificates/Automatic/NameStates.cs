using System.Text.Json;
using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>The state of each name on the disk.</summary>
internal sealed class NameStates(AcmeFolder folder, StateFiles files)
{
    /// <summary>The state of a name; a fresh one when there is none. A damaged file is put aside.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public NameState Read(AcmeIdentifier name)
    {
        var path = folder.NameState(name);
        try
        {
            if (TryRead(path) is { } state && state.Name == name.Value)
            {
                return state;
            }

            files.PutAside(path, "it is another name's");
        }
        catch (JsonException e)
        {
            files.PutAside(path, e.Message);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
        }

        return new NameState { Name = name.Value };
    }

    /// <exception cref="IOException">It cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be kept.</exception>
    public void Write(AcmeIdentifier name, NameState state) =>
        files.Write(folder.NameState(name), JsonSerializer.SerializeToUtf8Bytes(state, AutomaticJson.Default.NameState));

    /// <summary>The state of a name as another process left it, without changing anything; null when there is none.</summary>
    public static NameState? Peek(AcmeFolder folder, AcmeIdentifier name)
    {
        try
        {
            return TryRead(folder.NameState(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static NameState? TryRead(string path) => JsonSerializer.Deserialize(File.ReadAllBytes(path), AutomaticJson.Default.NameState);
}
