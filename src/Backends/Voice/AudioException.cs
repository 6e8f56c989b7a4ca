namespace Backends.Voice;

/// <summary>The bytes cannot be decoded as audio; the message says what is wrong with them.</summary>
internal sealed class AudioException(string message) : Exception(message);
