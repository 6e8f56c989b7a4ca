namespace Gateway.Certificates;

/// <summary>The local authority cannot be used; the message says why and what to do.</summary>
internal sealed class LocalAuthorityException(string message, Exception? cause = null) : Exception(message, cause);
