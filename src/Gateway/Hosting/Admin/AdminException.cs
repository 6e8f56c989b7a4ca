namespace Gateway.Hosting.Admin;

/// <summary>The operator's endpoint cannot be opened where the configuration says. The message is for the operator.</summary>
internal sealed class AdminException(string message, Exception cause) : Exception(message, cause);
