using System.Security.Authentication;

namespace Gateway.Platform.Tls;

/// <summary>In place of a handshake a request in plain HTTP has come.</summary>
internal sealed class PlainHttpException() : AuthenticationException("The client speaks plain HTTP.");
