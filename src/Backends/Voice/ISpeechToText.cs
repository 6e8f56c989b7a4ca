namespace Backends.Voice;

/// <summary>Something that says what was said.</summary>
internal interface ISpeechToText
{
    /// <summary>What clients see as "service".</summary>
    string Name { get; }

    /// <summary>Whether a speech model stands behind it.</summary>
    bool HasModel { get; }

    /// <exception cref="EngineException">The engine is out of reach or failed.</exception>
    Task<string> TranscribeAsync(Recording recording, CancellationToken cancellationToken);
}
