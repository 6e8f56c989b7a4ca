namespace Gateway.Configuration;

/// <summary>One address to listen on, from <c>Kestrel:Endpoints</c>.</summary>
/// <param name="Name">The key under <c>Kestrel:Endpoints</c>.</param>
/// <param name="Url">As written: <c>https://*:443</c>.</param>
/// <param name="IsHttps">Whether the URL's scheme is https (whatever ENABLE_SSL says).</param>
/// <param name="Port">The TCP port; 0 for a unix socket, a named pipe, or a port chosen by the system.</param>
/// <param name="Location">Where the URL is written, for messages.</param>
/// <param name="HasOwnCertificate">The endpoint names its own <c>Certificate</c> or <c>Sni</c>: Kestrel serves that one itself.</param>
internal sealed record EndpointOptions(string Name, string Url, bool IsHttps, int Port, string Location, bool HasOwnCertificate);
