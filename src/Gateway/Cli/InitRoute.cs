namespace Gateway.Cli;

/// <summary>One <c>--route</c> of `gateway init`: <c>/api/=http://127.0.0.1:5001</c>.</summary>
/// <param name="Path">With a slash at its start, and none at its end.</param>
internal sealed record InitRoute(string Path, string Address, bool WebSockets)
{
    /// <summary>What the route and its cluster are called.</summary>
    public string Name => Path.Length == 0 ? "web" : string.Join('-', Path.Split('/', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The route, or null with what is wrong with it.</summary>
    public static InitRoute? Parse(string text, bool webSockets, out string problem)
    {
        problem = "must be a path and the address of its service, such as /api/=http://127.0.0.1:5001";
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return null;
        }

        var (path, address) = (text[..equals].Trim(), text[(equals + 1)..].Trim());
        if (!path.StartsWith('/') || path.Contains("//", StringComparison.Ordinal) || path.Any(c => !(char.IsLetterOrDigit(c) || c is '/' or '-' or '_' or '.' or '~')))
        {
            problem = $"the path '{path}' must begin with a slash and hold letters, digits, '-', '_', '.' and '~' only, such as /api/";
            return null;
        }

        var scheme = address.StartsWith("ws://", StringComparison.OrdinalIgnoreCase) ? "http" + address[2..]
            : address.StartsWith("wss://", StringComparison.OrdinalIgnoreCase) ? "https" + address[3..]
            : address;
        if (!Uri.TryCreate(scheme, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0 || url.UserInfo.Length > 0 || url.PathAndQuery != "/" || url.Fragment.Length > 0)
        {
            problem = $"the address '{address}' must be http:// or https:// with a host and perhaps a port, such as http://127.0.0.1:5001";
            return null;
        }

        return new InitRoute(path.TrimEnd('/'), scheme.TrimEnd('/'), webSockets);
    }
}
