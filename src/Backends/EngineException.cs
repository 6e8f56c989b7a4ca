namespace Backends;

/// <summary>A speech engine that is out of reach or failed; the message says what happened.</summary>
internal sealed class EngineException(string message, Exception? cause = null) : Exception(message, cause);
