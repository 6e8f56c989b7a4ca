namespace Backends;

/// <summary>A setting that the services cannot start with; the message is one line with the value and the remedy.</summary>
internal sealed class SettingException(string message) : Exception(message);
