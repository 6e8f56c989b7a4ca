using System.Net.Sockets;

namespace Gateway.Hosting.Admin;

/// <summary>The file of a unix socket.</summary>
internal static class AdminSocket
{
    /// <summary>Removes the socket of a process that was killed. What listens, or is no socket, stays.</summary>
    /// <exception cref="IOException">It is in use, or is a file.</exception>
    public static void RemoveLeftover(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        if (IsFile(path))
        {
            throw new IOException($"{path} is a file and not a socket");
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }

        throw new IOException("another program listens there", new SocketException((int)SocketError.AddressAlreadyInUse));
    }

    /// <summary>Owner and group may connect, others not.</summary>
    public static void OpenToGroup(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        }
    }

    // A socket cannot be opened as a file.
    private static bool IsFile(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
